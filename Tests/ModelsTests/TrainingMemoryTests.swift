import Tensors
import TestSupport
import Testing

@testable import Models

/// The account of a row's memory against the ledger of rows that are really computed.
@Suite struct TrainingMemoryTests {
  /// A shape in which no dimension stands for another.
  static func spec(tied: Bool = false, kvHeads: Int = 4, bias: Bool = false, vocabulary: Int = 500)
    -> ModelSpec
  {
    var spec = ModelSpec(
      vocabSize: vocabulary, hiddenSize: 64, numHiddenLayers: 3, numAttentionHeads: 4, intermediateSize: 176,
      numKeyValueHeads: kvHeads)
    spec.maxPositionEmbeddings = 160
    spec.tieWordEmbeddings = tied
    spec.attentionBias = bias
    spec.mlpBias = bias
    return spec
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var spec = TrainingMemoryTests.spec()
    var lora: LoRAOptions?
    var train = ["all"]
    var types = WeightTypes.f32
    var recompute = false
    var documents = [128]
    var rows = 2
    var testDescription: String { name }

    func model() throws -> LanguageModel {
      let model = try LanguageModel.new(spec, types: types, seed: 1)
      if let lora { try model.addLoRA(lora) } else { try model.trainOnly(train) }
      return model
    }
  }

  static let bf16 = WeightTypes(compute: .bf16, quantized: nil)

  static let cases: [Case] = [
    Case(name: "full"),
    Case(name: "full, one row a step", rows: 1),
    Case(name: "full, deep and narrow vocabulary", spec: spec(vocabulary: 32)),
    Case(name: "full, one row, narrow vocabulary", spec: spec(vocabulary: 32), rows: 1),
    Case(name: "tied head", spec: spec(tied: true)),
    Case(name: "large vocabulary", spec: spec(vocabulary: 6000)),
    Case(name: "grouped-query", spec: spec(kvHeads: 1)),
    Case(name: "biases", spec: spec(bias: true, vocabulary: 64)),
    Case(name: "several documents", documents: [30, 50, 1, 47]),
    Case(name: "embedding only", train: ["embedding"]),
    Case(name: "head only", train: ["head"]),
    Case(name: "norms only", spec: spec(vocabulary: 64), train: ["norms"]),
    Case(
      name: "LoRA on all linears", spec: spec(vocabulary: 64), lora: .init(targets: LoRAOptions.allTargets)),
    Case(name: "LoRA on q and v", spec: spec(vocabulary: 64), lora: .init(targets: ["q", "v"])),
    Case(name: "LoRA on down", spec: spec(vocabulary: 64), lora: .init(targets: ["down"])),
    Case(
      name: "LoRA with dropout", spec: spec(vocabulary: 64),
      lora: .init(dropout: 0.1, targets: LoRAOptions.allTargets)),
    Case(name: "LoRA beside embedding and head", lora: .init(rank: 32, train: ["embedding", "head"])),
    Case(name: "recomputed, full", recompute: true),
    Case(
      name: "recomputed, one row, narrow vocabulary", spec: spec(vocabulary: 32), recompute: true, rows: 1),
    Case(
      name: "recomputed, LoRA on all linears", spec: spec(vocabulary: 64),
      lora: .init(targets: LoRAOptions.allTargets), recompute: true),
    Case(
      name: "recomputed, bf16, LoRA", spec: spec(vocabulary: 64),
      lora: .init(targets: LoRAOptions.allTargets), types: bf16, recompute: true),
    Case(
      name: "recomputed, embedding only", spec: spec(vocabulary: 64), train: ["embedding"], recompute: true),
    Case(name: "recomputed, head only", train: ["head"], recompute: true),
    Case(name: "bf16, full", types: bf16),
    Case(name: "bf16, full, narrow vocabulary", spec: spec(vocabulary: 32), types: bf16),
    Case(
      name: "bf16, LoRA on all linears", spec: spec(vocabulary: 64),
      lora: .init(targets: LoRAOptions.allTargets), types: bf16),
    Case(
      name: "bf16, LoRA with dropout", spec: spec(vocabulary: 64),
      lora: .init(dropout: 0.1, targets: LoRAOptions.allTargets), types: bf16),
    Case(
      name: "bf16, LoRA beside embedding and head", lora: .init(train: ["embedding", "head"]), types: bf16),
    Case(
      name: "nf4, LoRA on all linears", spec: spec(vocabulary: 64),
      lora: .init(targets: LoRAOptions.allTargets), types: WeightTypes(compute: .bf16, quantized: .nf4)),
    Case(
      name: "int8 beside f32, LoRA on q and embedding", lora: .init(targets: ["q"], train: ["embedding"]),
      types: WeightTypes(compute: .f32, quantized: .int8)),
    Case(
      name: "recomputed, nf4, LoRA", spec: spec(vocabulary: 64), lora: .init(targets: LoRAOptions.allTargets),
      types: WeightTypes(compute: .bf16, quantized: .nf4), recompute: true),
    Case(name: "LoRA beside a tied head", spec: spec(tied: true), lora: .init(train: ["head", "norms"])),
  ]

  /// The most live bytes of rows, counted from what is there before them.
  private func measured(_ test: Case) throws -> (activations: Int, total: Int) {
    let ledger = StorageLedger()
    return try StorageLedger.$current.withValue(ledger) {
      let model = try test.model()
      model.transformer.ownTrainableWeights()
      let length = test.documents.reduce(0, +)
      let ids = (0..<length).map { Int32($0 % 31) }
      var targets = ids.dropFirst() + [-1]
      var end = 0
      for document in test.documents {
        end += document
        targets[targets.startIndex + end - 1] = -1
      }
      for _ in 0..<test.rows {
        try model.transformer.loss(
          ids: ids, targets: Array(targets), documents: test.documents, dropout: RandomKey(seed: 1, "row"),
          recompute: test.recompute
        ).backward()
      }
      let gradients = ledger.liveBytes(of: .gradients), weights = ledger.liveBytes(of: .weights)
      withExtendedLifetime(model) {}
      return (ledger.peakBytes - weights - gradients, ledger.peakBytes)
    }
  }

  private func rehearsed(_ test: Case) throws -> MemoryTally.State {
    let shape = TrainedShape(
      try ShapeReport(test.spec, types: test.types, lora: test.lora, train: test.train))
    let rehearsal = RowRehearsal(shape)
    let length = test.documents.reduce(0, +)
    for _ in 0..<test.rows {
      rehearsal.train(
        documents: test.documents, trained: length - test.documents.count, recompute: test.recompute)
    }
    return rehearsal.tally.peak
  }

  @Test(arguments: cases) func theAccountIsThatOfRealRows(_ test: Case) throws {
    let real = try measured(test), plan = try rehearsed(test)
    let ratio = Double(plan.total) / Double(real.total)
    #expect(abs(ratio - 1) < 0.01, "\(plan.total) planned (\(plan.moment)), \(real.total) measured")
  }
}
