import Corpus
import Evaluation
import Files
import Models
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite struct TrainingPlanTests {
  /// Eight rows of 64 tokens in which everything is a prediction.
  private func rows(_ count: Int = 8) -> MemoryRows {
    MemoryRows(
      (0..<count).map { row in
        let ids = (0..<64).map { Int32(3 + ($0 * 7 + row) % 61) }
        return Row(ids: ids, targets: Array(ids.dropFirst()) + [-1], documents: [64], samples: ["row:\(row)"])
      })
  }

  private func options(
    batch: Int = 2, evaluate: Bool = false, checkpoint: CheckpointOptions? = nil
  ) throws -> TrainingOptions {
    var options = try Toy.options(steps: 3, batch: batch, checkpoint: checkpoint)
    if evaluate {
      options.evaluation = EvaluationOptions(sets: [("rows", .rows(rows(2)))], every: 1)
    }
    return options
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var lora: LoRAOptions?
    var batch = 2
    var evaluates = false
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "full"), Case(name: "full, a row a step", batch: 1),
    Case(name: "full, with an evaluation", evaluates: true),
    Case(name: "LoRA", lora: LoRAOptions(targets: LoRAOptions.allTargets), evaluates: true),
    Case(name: "LoRA beside embedding and head", lora: LoRAOptions(rank: 4, train: ["embedding", "head"])),
  ]

  @Test("agrees with the ledger of a whole run", arguments: cases)
  func memory(_ test: Case) throws {
    let ledger = StorageLedger()
    try StorageLedger.$current.withValue(ledger) {
      let model = try Toy.model(lora: test.lora)
      let options = try options(batch: test.batch, evaluate: test.evaluates)
      let plan = try TrainingPlan.make(model, data: rows(), options: options)
      try TrainingJob(model: model, data: rows(), options: options).run()
      let ratio = Double(plan.memory.peak.total) / Double(ledger.peakBytes)
      #expect(abs(ratio - 1) < 0.02, "\(plan.memory.peak) planned, \(ledger.peakBytes) measured")
      #expect(plan.memory.peak.optimizer == ledger.liveBytes(of: .optimizer) || ledger.liveBytes > 0)
      #expect(plan.memory.peak.layers.count == 2)
      withExtendedLifetime(model) {}
    }
  }

  @Test func planningAllocatesNothing() throws {
    let model = try Toy.model()
    let ledger = StorageLedger()
    try StorageLedger.$current.withValue(ledger) {
      _ = try TrainingPlan.make(model, data: rows(), options: options())
    }
    #expect(ledger.peakBytes == 0)
  }

  @Test func measuringChangesNoBit() throws {
    func run(measured: Bool) throws -> (bits: [UInt32], history: [String]) {
      let model = try Toy.model(lora: LoRAOptions(rank: 2, dropout: 0.1, train: ["embedding"]))
      let data = rows(), options = try options()
      let parameter = try #require(model.transformer.trainable.first)
      let tensor = parameter.tensor
      if measured {
        let before = Toy.bits(model)
        let plan = try TrainingPlan.make(model, data: data, options: options, measure: true)
        #expect(Toy.bits(model) == before)
        #expect(parameter.tensor === tensor && tensor.grad == nil && tensor.requiresGrad)
        #expect(plan.timing?.tokensPerStep == 128)
        let hours = try #require(plan.hours)
        #expect(hours > 0)
      }
      let job = try TrainingJob(model: model, data: data, options: options)
      try job.run()
      return (Toy.bits(model), Toy.metrics(job.history))
    }
    let plain = try run(measured: false), measured = try run(measured: true)
    #expect(plain.bits == measured.bits)
    #expect(plain.history == measured.history)
  }

  @Test func measuringKeepsGradientsThatAreThere() throws {
    let model = try Toy.model()
    try model.transformer.loss(ids: [3, 4, 5], targets: [4, 5, -1], documents: [3]).backward()
    let before = model.transformer.trainable.map { $0.tensor.grad?.values }
    _ = try TrainingPlan.make(model, data: rows(), options: options(), measure: true)
    #expect(model.transformer.trainable.map { $0.tensor.grad?.values } == before)
  }

  @Test func countsTheDiskAsTheRunDoes() throws {
    try Toy.withFolder { folder in
      let checkpoint = CheckpointOptions(directory: folder + "/run", every: 1, keep: 1)
      let model = try Toy.model()
      let options = try options(checkpoint: checkpoint)
      let disk = try #require(try TrainingPlan.make(model, data: rows(), options: options).disk)
      #expect(disk.checkpoints == 2)
      #expect(!FileSystem.exists(folder + "/run"))
      try TrainingJob(model: model, data: rows(), options: options).run()
      var written = 0
      for name in ["weights", "optimizer"] {
        written += Int(try FileSystem.size("\(folder)/run/step-000003/\(name).safetensors"))
      }
      #expect(disk.bytesEach <= written && written < disk.bytesEach + 20_000)
    }
  }

  @Test func advisesWhatItsOwnAccountConfirms() throws {
    var spec = ModelSpec(vocabSize: 2000, hiddenSize: 256, numHiddenLayers: 6, numAttentionHeads: 4)
    spec.maxPositionEmbeddings = 1024
    let report = try ShapeReport(spec, lora: LoRAOptions(targets: LoRAOptions.allTargets))
    let options = try options()
    let whole = try TrainingPlan.make(report, length: 512, options: options)
    #expect(whole.advice.isEmpty && whole.fits)

    let program = whole.program
    let half = try TrainingPlan.make(report, length: 256, options: options).memory.total
    // Room for half the length and a little more, as the process itself may have grown.
    let limit = half + program + (8 << 20)
    let plan = try TrainingPlan.make(report, length: 512, options: options, maxMemory: limit)
    #expect(!plan.fits)
    let shorter = try #require(plan.advice.first { $0.change == "length = 256 instead of 512" })
    #expect(shorter.fits && shorter.saves == plan.memory.total - half)
    #expect(!plan.advice.contains { $0.change.contains("length = 128") })
    let halves = try ShapeReport(
      spec, types: WeightTypes(dtype: "bf16", quantize: nil),
      lora: LoRAOptions(targets: LoRAOptions.allTargets))
    let bf16 = try #require(plan.advice.first { $0.change == #"dtype = "bf16""# })
    let planned = try TrainingPlan.make(halves, length: 512, options: options)
    #expect(bf16.saves == plan.memory.total - planned.memory.total)

    let nothing = try TrainingPlan.make(report, length: 512, options: options, maxMemory: 1 << 20)
    #expect(!nothing.advice.contains { $0.fits })
    #expect(nothing.description.contains("max_memory: DOES NOT FIT, "))
  }

  @Test func combinesChangesWhereNoneIsEnough() throws {
    var spec = ModelSpec(vocabSize: 2000, hiddenSize: 256, numHiddenLayers: 6, numAttentionHeads: 4)
    spec.maxPositionEmbeddings = 1024
    let lora = LoRAOptions(targets: LoRAOptions.allTargets, train: ["embedding", "head"])
    let report = try ShapeReport(spec, lora: lora), options = try options()
    let least = try ShapeReport(
      spec, types: WeightTypes(dtype: nil, quantize: "nf4"), lora: LoRAOptions(targets: lora.targets))
    var recomputed = options
    recomputed.recompute = true
    let smallest = try TrainingPlan.make(least, length: 128, options: recomputed)
    let plan = try TrainingPlan.make(
      report, length: 512, options: options, maxMemory: smallest.memory.total + smallest.program + (1 << 20))
    let last = try #require(plan.advice.last)
    #expect(last.fits && last.price == "together")
    #expect(last.change.hasPrefix(#"recompute = true, quantize = "nf4", train = {} in add_lora, length = "#))
    #expect(!plan.advice.dropLast().contains { $0.fits })
  }

  @Test func printsWithin80Columns() throws {
    let spec = ModelSpec(
      vocabSize: 55296, hiddenSize: 5120, numHiddenLayers: 40, numAttentionHeads: 40, intermediateSize: 13824)
    let report = try ShapeReport(
      spec, lora: LoRAOptions(rank: 64, targets: LoRAOptions.allTargets, train: ["embedding", "head"]))
    var options = try options()
    options.evaluation = EvaluationOptions(sets: [("rows", .rows(rows(1)))], every: 1)
    options.checkpoint = CheckpointOptions(directory: "somewhere", every: 1)
    let plan = try TrainingPlan.make(report, length: 2048, options: options, maxMemory: 64_000_000_000)
    let lines = plan.description.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(plan)")
    #expect(lines[0] == "rows of at most 2048 tokens, 2 a step, 3 steps, f32")
    for name in ["weights", "gradients", "optimizer", "activations", "peak", "memory", "disk"] {
      #expect(lines.contains { $0.hasPrefix(name + " ") })
    }
  }

  @Test func aRunThatCannotFitIsRefused() throws {
    let spec = ModelSpec(
      vocabSize: 32000, hiddenSize: 2048, numHiddenLayers: 16, numAttentionHeads: 16, intermediateSize: 5632)
    let setup = TrainingPlan.Setup(TrainedShape(try ShapeReport(spec)), TrainingMemory.Run(length: 512))
    let needed = TrainingMemory(setup.shape, setup.run).training.total
    try TrainingPlan.require(setup, fits: needed)
    // Less than a tenth too much might be an error of the system's estimate.
    try TrainingPlan.require(setup, fits: needed - needed / 12)
    #expect(
      throws: TrainingError(
        argument: "model",
        reason:
          "training it takes \(ByteCount.text(needed)) of memory, 10.0 GB can be had; it would fit with "
          + "add_lora { rank = 8 } on every linear")
    ) { try TrainingPlan.require(setup, fits: 10_000_000_000) }
  }

  @Test func refusesWhatARunRefuses() throws {
    let model = try Toy.model()
    var wrong = try options()
    wrong.batchSize = 0
    #expect(throws: TrainingError(argument: "batch_size", reason: "a positive number expected, got 0")) {
      try TrainingPlan.make(model, data: rows(), options: wrong)
    }
    #expect(throws: TrainingError(argument: "length", reason: "at least 2 tokens expected, got 1")) {
      try TrainingPlan.make(model, length: 1, options: options())
    }
    #expect(throws: TrainingError(argument: "max_memory", reason: "a positive number expected, got 0")) {
      try TrainingPlan.make(model, data: rows(), options: options(), maxMemory: 0)
    }
    try model.trainOnly(["none"])
    #expect(throws: TrainingError.nothingTrained) {
      try TrainingPlan.make(model, data: rows(), options: options())
    }
  }

  /// Of checkpoints: what is saved is written from where it is.
  @Test func aCheckpointTakesNoMoreThanOneTensor() throws {
    try Toy.withFolder { folder in
      let ledger = StorageLedger()
      try StorageLedger.$current.withValue(ledger) {
        let model = try Toy.model(lora: LoRAOptions(rank: 4, train: ["embedding", "head"]))
        let job = try TrainingJob(
          model: model, data: rows(),
          options: options(checkpoint: CheckpointOptions(directory: folder, every: 100)))
        _ = try job.step()
        let largest = model.transformer.trainable.map { $0.tensor.byteCount }.max() ?? 0
        ledger.resetPeak()
        let before = ledger.liveBytes
        try job.saveCheckpoint()
        #expect(FileSystem.exists(folder + "/step-000001/optimizer.safetensors"))
        #expect(ledger.peakBytes - before <= largest)
        withExtendedLifetime(model) {}
      }
    }
  }
}
