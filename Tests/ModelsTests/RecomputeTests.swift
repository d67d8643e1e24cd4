import Models
import Tensors
import TestSupport
import Testing

/// Running blocks again in the backward pass changes memory and nothing else.
@Suite struct RecomputeTests {
  private static let ids: [Int32] = (0..<48).map { Int32(3 + $0 * 7 % 61) }
  private static let targets: [Int32] = ids.dropFirst() + [-1]

  /// The loss and the gradients of two rows, whose order of addition counts.
  private func bits(_ model: LanguageModel, recompute: Bool) throws -> [[UInt32]] {
    for parameter in model.transformer.parameters { parameter.tensor.zeroGrad() }
    var bits: [[UInt32]] = []
    for (row, documents) in [[48], [5, 20, 22, 1]].enumerated() {
      let loss = try model.transformer.loss(
        ids: Self.ids, targets: Self.targets, documents: documents, scale: 1 / 47,
        dropout: RandomKey(seed: 3, "dropout", UInt64(row)), recompute: recompute)
      bits.append([try loss.item().bitPattern])
      try loss.backward()
    }
    return bits
      + model.transformer.trainable.map { $0.tensor.grad?.values.map(\.bitPattern) ?? [] }
  }

  private func expectSameBits(_ model: LanguageModel) throws {
    let plain = try bits(model, recompute: false)
    #expect(try bits(model, recompute: true) == plain)
    #expect(plain.last?.contains { $0 << 1 != 0 } == true)
  }

  @Test(arguments: [false, true]) func everyParameter(tied: Bool) throws {
    try expectSameBits(try .new(.tiny(tied: tied, kvHeads: 2), seed: 1))
  }

  @Test(arguments: [false, true]) func biasesToo(tied: Bool) throws {
    var spec = ModelSpec.tiny(tied: tied)
    (spec.attentionBias, spec.outputBias, spec.mlpBias) = (true, true, true)
    try expectSameBits(try .new(spec, seed: 1))
  }

  @Test(arguments: [false, true]) func halfPrecision(lora: Bool) throws {
    let model = try LanguageModel.new(
      .tiny(kvHeads: 2), types: WeightTypes(dtype: "bf16", quantize: nil), seed: 1)
    if lora { try model.addLoRA(LoRAOptions(rank: 4, dropout: 0.2, targets: LoRAOptions.allTargets)) }
    model.transformer.ownTrainableWeights()
    try expectSameBits(model)
  }

  @Test(arguments: [[], ["embedding", "head", "norms"]]) func anAdapterWithDropout(whole: [String]) throws {
    let model = try LanguageModel.new(.tiny(tied: true), seed: 1)
    try model.addLoRA(
      LoRAOptions(rank: 4, dropout: 0.2, targets: LoRAOptions.allTargets, train: whole, seed: 2))
    // B starts at zero, where half of the adapter has no gradient.
    for parameter in model.transformer.parameters where parameter.name.hasSuffix("lora_B.weight") {
      try parameter.tensor.assign(.sample(parameter.shape, seed: UInt64(parameter.count)))
    }
    try expectSameBits(model)
  }

  @Test(arguments: [["embedding"], ["head"], ["norms"], ["layers"]]) func oneGroup(_ names: [String]) throws {
    let model = try LanguageModel.new(.tiny(), seed: 1)
    try model.trainOnly(names)
    try expectSameBits(model)
  }

  /// Between the passes there are the blocks' inputs; in the backward pass one block's results beside them.
  @Test func memoryIsThatOfOneBlockAndOfTheInputs() throws {
    func activations(layers: Int, recompute: Bool) throws -> (between: Int, peak: Int) {
      var found = (between: 0, peak: 0)
      try withoutLeaks { ledger in
        var spec = ModelSpec.tiny()
        spec.numHiddenLayers = layers
        spec.intermediateSize = 256
        let model = try LanguageModel.new(spec, seed: 1)
        try model.addLoRA(LoRAOptions(rank: 2, targets: ["q", "down"]))
        // Gradients are there already, so that only activations come and go.
        for parameter in model.transformer.trainable { _ = parameter.tensor.accumulatedGradient() }
        let before = ledger.liveBytes
        ledger.resetPeak()
        let loss = try model.transformer.loss(
          ids: Self.ids, targets: Self.targets, documents: [48], recompute: recompute)
        found.between = ledger.liveBytes - before
        try loss.backward()
        found.peak = ledger.peakBytes - before
      }
      return found
    }
    let input = 48 * 32 * 4
    let one = try activations(layers: 1, recompute: false)
    let plain = try activations(layers: 8, recompute: false)
    let recomputed = try activations(layers: 8, recompute: true)
    #expect(recomputed.between <= 11 * input)
    #expect(recomputed.peak <= one.peak + 11 * input)
    #expect(plain.peak > 3 * recomputed.peak)
  }
}
