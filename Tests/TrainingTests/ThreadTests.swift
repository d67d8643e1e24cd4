import Models
import Tensors
import TestSupport
import Testing

@testable import Training

/// Tests that change the number of threads, which belongs to the whole process.
@Suite(.serialized) struct ThreadTests {
  private let lora = LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "v", "down"])

  @Test func theNumberOfThreadsChangesNoBit() throws {
    let results = try [1, 2, 4].map { threads in
      try withThreads(threads) {
        let model = try Toy.model(lora: lora)
        try TrainingJob(model: model, data: MemoryRows(Toy.rows(16)), options: Toy.options()).run()
        return Toy.bits(model)
      }
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  /// A model whose products are cut into pieces, with an adapter that is not 0 where its linears are quantised.
  private func wideModel(_ types: WeightTypes) throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 320, hiddenSize: 256, numHiddenLayers: 2, numAttentionHeads: 8, intermediateSize: 512,
      numKeyValueHeads: 4)
    spec.maxPositionEmbeddings = 256
    let model = try LanguageModel.new(spec, types: types, seed: 3)
    guard types.quantized != nil else { return model }
    try model.addLoRA(lora)
    for (place, parameter) in model.transformer.trainable.enumerated() {
      let numbers = Tensor.sample(parameter.tensor.shape, seed: UInt64(place), in: -0.1...0.1)
      parameter.tensor.pointer.update(from: numbers.pointer, count: numbers.count)
    }
    return model
  }

  @Test(arguments: [("f32", nil), ("bf16", nil), (nil, "nf4")] as [(String?, String?)])
  func theNumberOfThreadsChangesNoBitOfAWideModelsRow(_ dtype: String?, _ quantize: String?) throws {
    let model = try wideModel(WeightTypes(dtype: dtype, quantize: quantize))
    let ids = (0..<256).map { Int32($0 * 37 % 320) }
    let targets = ids.enumerated().map { $0 % 9 == 0 ? -1 : ($1 + 37) % 320 }
    model.transformer.ownTrainableWeights()
    let parameters = model.transformer.trainable.map(\.tensor)
    for parameter in parameters { parameter.requiresGrad = true }
    func run() throws -> [[UInt32]] {
      for parameter in parameters { parameter.zeroGrad() }
      let loss = try model.transformer.loss(
        ids: ids, targets: targets, documents: [156, 100], scale: 1 / 227, dropout: RandomKey(seed: 1, "row"))
      try loss.backward()
      return try [loss.values.map(\.bitPattern)]
        + parameters.map { try #require($0.grad).values.map(\.bitPattern) }
    }
    let single = try withThreads(1, run)
    #expect(single.allSatisfy { $0.contains { $0 << 1 != 0 } })
    for threads in [2, 4] { #expect(try withThreads(threads, run) == single, "\(threads) threads") }
  }

  @Test func aVerificationRunsWithThreadsAndPutsTheirNumberBack() throws {
    try withThreads(3) {
      var seen: [Int] = []
      let report = try ResumeVerification(at: 1, steps: 2, threads: [1, 2, 4]).report(
        model: Toy.model(lora: lora), data: MemoryRows(Toy.rows(16)), options: Toy.options(),
        attach: { job in job.onStep = { _ in seen.append(Parallel.threads) } })
      #expect(report.isEqual)
      #expect(
        report.comparisons.map(\.run).suffix(3) == ["with 1 thread", "with 2 threads", "with 4 threads"])
      #expect(report.description.hasSuffix("\n  threads  1, 2, 4: the same bits"))
      // Through, cut, resumed, and through with each number.
      #expect(seen == [3, 3, 3, 3, 1, 1, 2, 2, 4, 4])
      #expect(Parallel.threads == 3)
    }
  }

  @Test func aResultThatDependsOnTheThreadsIsTold() throws {
    var options = try Toy.options()
    options.schedule = .function { _, _ in Parallel.threads == 2 ? 0.02 : 0.01 }
    try withThreads(1) {
      let report = try ResumeVerification(at: 1, steps: 2, threads: [2]).report(
        model: Toy.model(), data: MemoryRows(Toy.rows(4)), options: options)
      #expect(report.differences.first == "with 2 threads: first at step 1: lr 0.01 != 0.02")
      #expect(report.step == 1)
    }
  }
}
