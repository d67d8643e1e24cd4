import Files
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

/// Adapters merged into weights, quantised ones among them, and the report on what that changes.
@Suite struct MergingTests {
  private static let ids = QuantizedBase.ids

  private let folder: TemporaryFolder
  private let base: QuantizedBase

  init() throws {
    base = try QuantizedBase()
    folder = base.folder
  }

  private func load(_ name: String, _ dtype: String, _ quantize: String? = nil) throws -> LanguageModel {
    try base.load(name, dtype, quantize)
  }

  private func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test(arguments: ["int8", "nf4"])
  func mergingGoesOntoTheDequantisedWeights(_ quantize: String) throws {
    for (dtype, tolerance) in [("f32", Float(1e-5)), ("bf16", 2e-2)] {
      let model = try load("base", dtype, quantize)
      try model.addLoRA(.init(rank: 4, alpha: 8, targets: ["q", "v", "up", "down"]))
      try model.disturb()
      try model.saveAdapter(to: folder("adapter"))
      let adapted = try model.transformer.plainLogits(Self.ids)
      try model.save(to: folder("whole"), dtype: dtype)
      try model.mergeLoRA()
      let merged = try model.transformer.plainLogits(Self.ids)
      #expect(merged.isClose(to: adapted, relative: tolerance), "\(largestDifference(merged, adapted))")

      // What had an adapter is in the compute type, the other linears stay quantised.
      for parameter in model.transformer.parameters {
        guard case .weight(let module) = parameter.kind else { continue }
        let isMerged = [.q, .v, .up, .down].contains(module)
        #expect(parameter.tensor.dataType.rawValue == (isMerged ? dtype : quantize))
        #expect(parameter.isTrainable == isMerged)
      }
      // Onto the weights that were quantised it would be further away.
      let original = try load("base", dtype)
      try original.loadAdapter(from: folder("adapter"))
      try original.mergeLoRA()
      let wrong = try original.transformer.plainLogits(Self.ids)
      let factor: Float = dtype == "f32" ? 100 : 1
      #expect(largestDifference(wrong, adapted) > factor * largestDifference(merged, adapted))
      // A save with the adapter attached writes the merged weights, all of them dequantised.
      let whole = try load("whole", dtype)
      #expect(try whole.transformer.plainLogits(Self.ids).isClose(to: adapted, relative: tolerance))
      #expect(whole.tokenizer?.fingerprint == model.tokenizer?.fingerprint)
    }
  }

  @Test func mergingReportsHowFarItIs() throws {
    for (dtype, quantize, divergence) in [("f32", "nf4", 1e-9), ("bf16", "nf4", 1e-4), ("f32", nil, 1e-9)] {
      let model = try load("base", dtype, quantize)
      try model.addLoRA(.init(rank: 4, alpha: 8, targets: LoRAOptions.allTargets))
      try model.disturb()
      // 200 letters take several contexts of 64.
      let check = try #require(try model.mergeLoRA(check: String(repeating: "hgyqzw xrpn", count: 18)))
      #expect(check.tokens > 128 && check.divergence < divergence && check.divergence > -1e-12, "\(check)")
      #expect(check.topAgreement > (dtype == "f32" ? 0.99 : 0.9))
      #expect(check.maxDifference > 0 && check.maxDifference < (dtype == "f32" ? 1e-4 : 0.2))
      #expect(model.lora == nil)
    }
    let model = try load("base", "f32", "nf4")
    try model.addLoRA(.init(rank: 2))
    #expect(text { try model.mergeLoRA(check: "") } == "check: a text with tokens expected")
    #expect(model.lora != nil)
    let bare = try LanguageModel.new(.tiny(), seed: 1)
    try bare.addLoRA(.init(rank: 2))
    #expect(
      text { try bare.mergeLoRA(check: "a") } == "check: the model has no tokenizer to read the text with")
  }

  /// The report sees a difference that is there, and says its size.
  @Test func theReportCanSeeADifference() throws {
    let model = try load("base", "f32")
    let letters = "abcdefghij"
    try model.addLoRA(.init(rank: 2))
    let same = try #require(try model.mergeLoRA(check: letters))
    #expect(same.maxDifference == 0 && same.divergence == 0 && same.topAgreement == 1)
    #expect(
      same.description == "merged against adapter: logits differ by at most 0, KL 0 nats a token, "
        + "same likeliest token at \(same.tokens) of \(same.tokens) positions")
  }
}
