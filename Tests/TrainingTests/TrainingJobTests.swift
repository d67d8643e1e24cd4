import Corpus
import Evaluation
import Files
import Models
import Processes
import Tensors
import Testing

@testable import Training

@Suite struct TrainingJobTests {
  private func train(
    _ options: TrainingOptions, rows: [Row] = Toy.rows(16), lora: LoRAOptions? = nil
  ) throws -> (bits: [UInt32], metrics: [String]) {
    let model = try Toy.model(lora: lora)
    let job = try TrainingJob(model: model, data: MemoryRows(rows), options: options)
    try job.run()
    return (Toy.bits(model), Toy.metrics(job.history))
  }

  @Test func theLossFalls() throws {
    let job = try TrainingJob(
      model: Toy.model(), data: MemoryRows(Toy.rows(4)), options: Toy.options(steps: 40, batch: 4))
    try job.run()
    let first = try #require(job.history.first?["loss"]?.doubleValue)
    let last = try #require(job.history.last?["loss"]?.doubleValue)
    #expect(last < 0.5 * first)
    #expect(job.isFinished)
    #expect(job.history.count == 40)
  }

  @Test(arguments: [(2, 4), (4, 2), (8, 1)])
  func batchAndAccumulationSplitsGiveTheSameBits(batch: Int, accumulate: Int) throws {
    let rows = Toy.rows(19)  // a pass ends with a window of 3
    let whole = try train(Toy.options(steps: 6, batch: 1, accumulate: 8), rows: rows)
    let split = try train(Toy.options(steps: 6, batch: batch, accumulate: accumulate), rows: rows)
    #expect(split.bits == whole.bits)
    #expect(split.metrics == whole.metrics)
  }

  /// The gradient of a window is that of one loss over all its tokens, also of a short last window.
  @Test func lossIsDividedByTheTrainedTokensOfTheWholeWindow() throws {
    let rows = Toy.rows(11)
    let model = try Toy.model()
    let job = try TrainingJob(
      model: model, data: MemoryRows(rows), options: Toy.options(steps: nil, batch: 4, accumulate: 2))
    #expect(job.steps == 2)
    for window in [rows[..<8], rows[8...]] {
      let trained = window.reduce(0) { $0 + $1.trainedCount }
      var sum = 0.0
      for row in window {
        sum += Double(
          try withoutGradients {
            try model.transformer.loss(ids: row.ids, targets: row.targets, documents: row.documents).item()
          })
      }
      let record = try job.step()
      #expect(abs(record.loss - sum / Double(trained)) < 1e-5)
      #expect(record.trainedTokens == trained)
      #expect(record.tokens == window.reduce(0) { $0 + $1.ids.count })
      #expect(job.lastSamples == window.flatMap(\.samples))
    }
    #expect(job.isFinished)
  }

  @Test func dataStartAgainWhenTheyEnd() throws {
    let job = try TrainingJob(
      model: Toy.model(), data: MemoryRows(Toy.rows(3)), options: Toy.options(steps: 4, batch: 2))
    var samples: [[String]] = []
    while !job.isFinished {
      _ = try job.step()
      samples.append(job.lastSamples)
    }
    #expect(samples == [["toy:1", "toy:2"], ["toy:3"], ["toy:1", "toy:2"], ["toy:3"]])
  }

  @Test func recomputingBlocksChangesNoBit() throws {
    let lora = LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "v", "down"], train: ["embedding"])
    for lora in [nil, lora] {
      let plain = try train(Toy.options(batch: 4), lora: lora)
      var options = try Toy.options(batch: 4)
      options.recompute = true
      let recomputed = try train(options, lora: lora)
      #expect(recomputed.bits == plain.bits)
      #expect(recomputed.metrics == plain.metrics)
    }
  }

  @Test func anEvaluationChangesNoBit() throws {
    let lora = LoRAOptions(rank: 4, dropout: 0.2, targets: ["q", "v"])
    let plain = try train(Toy.options(), lora: lora)
    var options = try Toy.options()
    options.evaluation = EvaluationOptions(
      sets: [("held_out", .rows(MemoryRows(Toy.rows(3, seed: 9))))], every: 1)
    let model = try Toy.model(lora: lora)
    let job = try TrainingJob(model: model, data: MemoryRows(Toy.rows(16)), options: options)
    // What other code draws in between has no influence either.
    job.onStep = { _ in _ = Float.random(in: 0...1) }
    try job.run()
    #expect(Toy.bits(model) == plain.bits)
    #expect(job.history.allSatisfy { $0["held_out_nll"]?.doubleValue != nil })
  }

  @Test func anotherSeedDropsOtherNumbers() throws {
    let lora = LoRAOptions(rank: 4, dropout: 0.2, targets: ["q", "v"])
    var options = try Toy.options()
    let first = try train(options, lora: lora)
    #expect(try train(options, lora: lora).bits == first.bits)
    options.seed = 8
    #expect(try train(options, lora: lora).bits != first.bits)
  }

  @Test func frozenWeightsKeepTheirBits() throws {
    let model = try Toy.model(lora: LoRAOptions(rank: 4, train: ["embedding"]))
    let frozen = model.transformer.parameters.filter { !$0.isTrainable }
    let before = frozen.map { $0.tensor.values }
    try TrainingJob(model: model, data: MemoryRows(Toy.rows(8)), options: Toy.options()).run()
    #expect(frozen.map { $0.tensor.values } == before)
  }

  @Test func anInterruptLeavesTheLastFinishedStep() throws {
    let reference = try train(Toy.options(steps: 5))
    let model = try Toy.model()
    let rows = InterruptingRows(Toy.rows(16))
    let job = try TrainingJob(model: model, data: rows, options: Toy.options(steps: 5))
    for pause in [1, 3, 6, 9] {
      rows.interruptAfter = pause
      let completed: (Int, [UInt32])
      do {
        while !job.isFinished { _ = try job.step() }
        completed = (job.completedSteps, Toy.bits(model))
      } catch is Interrupted {
        completed = (job.completedSteps, Toy.bits(model))
      }
      // Nothing of the unfinished step is in the model.
      let partial = try Toy.model()
      let fresh = try TrainingJob(
        model: partial, data: MemoryRows(Toy.rows(16)), options: Toy.options(steps: 5))
      for _ in 0..<completed.0 { _ = try fresh.step() }
      #expect(Toy.bits(partial) == completed.1)
    }
    rows.interruptAfter = nil
    try job.run()
    #expect(Toy.bits(model) == reference.bits)
    #expect(Toy.metrics(job.history) == reference.metrics)
  }

  @Test func anInterruptDuringEvaluationLosesNothing() throws {
    func options(_ rows: any RowSource) throws -> TrainingOptions {
      var options = try Toy.options()
      options.evaluation = EvaluationOptions(sets: [("held_out", .rows(rows))], every: 2)
      return options
    }
    let reference = try train(options(MemoryRows(Toy.rows(4, seed: 2))))
    let held = InterruptingRows(Toy.rows(4, seed: 2))
    let model = try Toy.model()
    let job = try TrainingJob(model: model, data: MemoryRows(Toy.rows(16)), options: options(held))
    held.interruptAfter = 2
    #expect(throws: Interrupted.self) { try job.run() }
    #expect(job.completedSteps == 2)
    held.interruptAfter = nil
    try job.run()
    #expect(Toy.bits(model) == reference.bits)
    #expect(Toy.metrics(job.history) == reference.metrics)
  }

  @Test func anErrorInMidAccumulationLeavesNoGradient() throws {
    var rows = Toy.rows(4)
    rows[2] = Row(ids: [5, 99], targets: [6, -1], documents: [2], samples: ["zh.json:7"])
    let model = try Toy.model()
    let before = Toy.bits(model)
    let job = try TrainingJob(model: model, data: MemoryRows(rows), options: Toy.options(batch: 4))
    #expect(throws: ModelError(argument: "ids", reason: "token id 99 is not in the vocabulary of 64")) {
      try job.step()
    }
    #expect(Toy.bits(model) == before)
    #expect(model.transformer.parameters.allSatisfy { $0.tensor.grad == nil })
    #expect(job.completedSteps == 0)
  }

  @Test func aSampleWithoutTrainedTokensIsNamed() throws {
    var rows = Toy.rows(4)
    rows[1] = Row(ids: [5, 6], targets: [-1, -1], documents: [2], samples: ["zh.json:7"])
    let model = try Toy.model()
    let before = Toy.bits(model)
    let job = try TrainingJob(model: model, data: MemoryRows(rows), options: Toy.options())
    #expect(throws: TrainingError(argument: "data", reason: "zh.json:7: no token of this sample is trained"))
    {
      try job.step()
    }
    #expect(Toy.bits(model) == before)
  }

  @Test func aScheduleThatReturnsNilStopsBeforeTheUpdate() throws {
    var options = try Toy.options()
    options.schedule = .function("lr") { step, _ in step < 2 ? 0.01 : nil }
    let model = try Toy.model()
    let job = try TrainingJob(model: model, data: MemoryRows(Toy.rows(8)), options: options)
    _ = try job.step()
    let before = Toy.bits(model)
    #expect(
      throws: TrainingError(
        argument: "lr", reason: "the schedule 'lr' gave nil for step 2, a number from 0 on expected")
    ) { try job.step() }
    #expect(Toy.bits(model) == before)
    #expect(job.completedSteps == 1)
  }

  @Test func hooksSeeEveryStepAndTheirErrorsComeThrough() throws {
    struct Wish: Error {}
    let job = try TrainingJob(model: Toy.model(), data: MemoryRows(Toy.rows(8)), options: Toy.options())
    var seen: [Int] = []
    job.onStep = { record in
      seen.append(record.step)
      if record.step == 2, seen.count == 2 { throw Wish() }
    }
    #expect(throws: Wish.self) { try job.run() }
    try job.run()
    #expect(seen == [1, 2, 2, 3, 4])
    #expect(job.history.count == 4)
  }

  @Test func aHookCannotMakeAStep() throws {
    let job = try TrainingJob(
      model: Toy.model(), data: MemoryRows(Toy.rows(8)), options: Toy.options(steps: 1))
    job.onStep = { [unowned job] _ in _ = try job.step() }
    #expect(throws: TrainingError(argument: "step", reason: "a hook of a step cannot make the next one")) {
      try job.run()
    }
    job.onStep = nil
    try job.run()
    #expect(throws: TrainingError(argument: "step", reason: "the run has made its 1 steps")) {
      try job.step()
    }
  }

  @Test func gradientsFromBeforeTheRunDoNotCount() throws {
    let reference = try train(Toy.options())
    let model = try Toy.model()
    try model.transformer.loss(ids: [5, 6], targets: [6, 7], documents: [2]).backward()
    try TrainingJob(model: model, data: MemoryRows(Toy.rows(16)), options: Toy.options()).run()
    #expect(Toy.bits(model) == reference.bits)
  }

  @Test func optionsOutOfRangeAreNamed() throws {
    func message(_ change: (inout TrainingOptions) throws -> Void) throws -> String? {
      var options = try Toy.options()
      try change(&options)
      do { _ = try TrainingJob(model: Toy.model(), data: MemoryRows(Toy.rows(2)), options: options) } catch {
        return "\(error)"
      }
      return nil
    }
    #expect(try message { $0.steps = 0 } == "steps: a positive number expected, got 0")
    #expect(try message { $0.batchSize = -1 } == "batch_size: a positive number expected, got -1")
    #expect(try message { $0.clip = 0 } == "clip: a positive number expected, got 0.0")
    #expect(try message { $0.resume = true } == "resume: a checkpoint folder is needed to continue from")
    #expect(
      try message { $0.optimizer.beta2 = 1 }
        == "beta2: a number from 0 up to, not including, 1 expected, got 1.0")
    #expect(throws: TrainingError(argument: "data", reason: "there are no rows to train on")) {
      try TrainingJob(model: Toy.model(), data: MemoryRows([]), options: Toy.options()).step()
    }
    #expect(throws: TrainingError(argument: "data", reason: "there are no rows to train on")) {
      try TrainingJob(model: Toy.model(), data: MemoryRows([]), options: Toy.options(steps: nil))
    }
    let frozen = try Toy.model()
    try frozen.trainOnly(["none"])
    #expect(
      throws: TrainingError(
        argument: "model", reason: "no parameter is trained: call train_only or add_lora first")
    ) { try TrainingJob(model: frozen, data: MemoryRows(Toy.rows(2)), options: Toy.options()) }
  }
}

/// Rows whose reader is stopped by Ctrl-C after so many more were drawn.
private final class InterruptingRows: RowSource {
  let length = 64
  let isEndless = false
  let identity: JSON = "rows"
  var interruptAfter: Int?
  private let source: MemoryRows

  init(_ rows: [Row]) { source = MemoryRows(rows) }

  func open(pass: Int) throws -> any RowCursor { Cursor(self, try source.open(pass: pass)) }

  private final class Cursor: RowCursor {
    private let owner: InterruptingRows
    private let inner: any RowCursor

    init(_ owner: InterruptingRows, _ inner: any RowCursor) { (self.owner, self.inner) = (owner, inner) }

    func next() throws -> Row? {
      if let left = owner.interruptAfter {
        owner.interruptAfter = left > 1 ? left - 1 : nil
        if left == 1 {
          _ = try inner.next()
          throw Interrupted()
        }
      }
      return try inner.next()
    }
    var state: JSON { inner.state }
    func restore(_ state: JSON) throws { try inner.restore(state) }
  }
}
