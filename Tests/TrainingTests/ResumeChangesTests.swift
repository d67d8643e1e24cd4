import Evaluation
import Files
import Models
import Testing

@testable import Training

/// Settings that a resumed run changes on purpose.
@Suite struct ResumeChangesTests {
  private let lora = LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "down"], train: ["embedding"])

  private func job(
    _ folder: String, _ model: LanguageModel, every: Int = 1,
    change: (inout TrainingOptions) throws -> Void = { _ in }
  ) throws -> TrainingJob {
    var options = try Toy.options(
      steps: 7, batch: 2, accumulate: 2,
      checkpoint: CheckpointOptions(directory: folder + "/ckpt", every: every), resume: true)
    // Greater than any norm here, so that not to clip is no difference to the bits.
    options.clip = 100
    try change(&options)
    return try TrainingJob(model: model, data: MemoryRows(Toy.rows(11)), options: options)
  }

  /// Four steps, of which the checkpoint remains.
  private func start(_ folder: String) throws {
    let job = try job(folder, Toy.model(lora: lora))
    for _ in 0..<4 { _ = try job.step() }
  }

  private static let schedule = "cosine, peak 0.01, warmup 0.1 of the steps, floor 0.0"
  private static let line =
    #"{"step": 5, "changes": [{"name": "schedule", "before": "\#(schedule)", "#
    + #""after": "constant, peak 0.003, warmup 0 steps"}, {"name": "clip", "before": "100.0", "after": "none"}]}"#

  private func changed(_ options: inout TrainingOptions) throws {
    options.changes = ResumeChanges(schedule: try .constant(0.003), clip: ResumeChanges.Clip.none)
  }

  @Test func theChangedRunIsThatOfSettingsWhichChangeAtThatStep() throws {
    try Toy.withFolder { folder in
      let reference = try Toy.model(lora: lora)
      var options = try Toy.options(steps: 7, batch: 2, accumulate: 2)
      let cosine = options.schedule
      options.schedule = .function { step, steps in
        step <= 4 ? try cosine.learningRate(step: step, of: steps) : 0.003
      }
      options.clip = nil
      let whole = try TrainingJob(model: reference, data: MemoryRows(Toy.rows(11)), options: options)
      try whole.run()

      try start(folder)
      let model = try Toy.model(lora: lora)
      let resumed = try job(folder, model) { try changed(&$0) }
      #expect(resumed.resumedFrom == 4)
      #expect(resumed.changes.map(\.name) == ["schedule", "clip"])
      #expect(resumed.changes[1].description == "clip: 100.0 -> none")
      try resumed.run()
      #expect(Toy.bits(model) == Toy.bits(reference))
      #expect(Toy.metrics(resumed.history) == Toy.metrics(whole.history))
      var lines = try Toy.metrics(file: folder + "/ckpt/metrics.jsonl")
      #expect(lines.remove(at: 4) == Self.line)
      #expect(lines == Toy.metrics(whole.history))
    }
  }

  @Test func continuedOnceMoreItChangesNothing() throws {
    try Toy.withFolder { folder in
      let reference = try Toy.model(lora: lora)
      try start(folder + "/a")
      try job(folder + "/a", reference) { try changed(&$0) }.run()

      try start(folder + "/b")
      // Killed before its first checkpoint, then after another one.
      let first = try job(folder + "/b", Toy.model(lora: lora), every: 100) { try changed(&$0) }
      _ = try first.step()
      let second = try job(folder + "/b", Toy.model(lora: lora)) { try changed(&$0) }
      #expect(second.resumedFrom == 4)
      _ = try second.step()
      _ = try second.step()
      let model = try Toy.model(lora: lora)
      let third = try job(folder + "/b", model) { try changed(&$0) }
      #expect(third.resumedFrom == 6)
      #expect(third.changes.isEmpty)
      #expect(third.history.count == 6)
      try third.run()
      #expect(Toy.bits(model) == Toy.bits(reference))
      #expect(
        try Toy.metrics(file: folder + "/b/ckpt/metrics.jsonl")
          == Toy.metrics(file: folder + "/a/ckpt/metrics.jsonl"))
      // Or with the changed values as its own.
      let own = try job(folder + "/b", Toy.model(lora: lora)) {
        $0.schedule = try .constant(0.003)
        $0.clip = nil
      }
      #expect(own.resumedFrom == 7 && own.changes.isEmpty)
    }
  }

  @Test func whatIsNotNamedIsRefused() throws {
    try Toy.withFolder { folder in
      try start(folder)
      func refusal(_ change: (inout TrainingOptions) throws -> Void) throws -> String? {
        let model = try Toy.model(lora: lora)
        let before = Toy.bits(model)
        do { _ = try job(folder, model, change: change) } catch {
          #expect(Toy.bits(model) == before)
          return "\(error)"
        }
        return nil
      }
      let start = "resume: \(folder)/ckpt/step-000004 belongs to another run: "
      let end = ". Undo this to continue it, or start a new run in another dir"
      #expect(
        try refusal {
          try changed(&$0)
          $0.seed = 9
          $0.batchSize = 3
        } == start + "rows a step: 4 there, 6 here; seed: 7 there, 9 here" + end)
      #expect(
        try refusal {
          $0.changes.schedule = try .constant(0.003)
          $0.clip = nil
        } == start + "clip: 100.0 there, none here" + end)
      #expect(
        try refusal { $0.changes.steps = 3 }
          == "resume: \(folder)/ckpt/step-000004 has made 4 steps, 3 are too few")
      #expect(try refusal { $0.changes.clip = .at(-1) } == "clip: a positive number expected, got -1.0")
      #expect(
        try refusal {
          $0.resume = false
          $0.changes.steps = 9
        } == "resume: changes are made where a run is resumed")
    }
  }

  @Test func changesNeedACheckpoint() throws {
    try Toy.withFolder { folder in
      let expected = TrainingError(
        argument: "resume",
        reason:
          "there is no checkpoint in \(folder)/ckpt to continue with changes; resume = true starts where "
          + "there is none")
      _ = #expect(throws: expected) { _ = try job(folder, Toy.model(lora: lora)) { try changed(&$0) } }
    }
  }

  @Test func moreStepsAndAnotherOptimizer() throws {
    try Toy.withFolder { folder in
      try start(folder)
      let resumed = try job(folder, Toy.model(lora: lora)) {
        $0.changes = ResumeChanges(steps: 9, optimizer: AdamWOptions(weightDecay: 0.1))
      }
      #expect(resumed.steps == 9)
      #expect(
        resumed.changes.map(\.description) == [
          "steps: 7 -> 9",
          "optimizer: adamw, betas 0.9 and 0.999, eps 1e-08, weight decay 0.01 -> "
            + "adamw, betas 0.9 and 0.999, eps 1e-08, weight decay 0.1",
        ])
      try resumed.run()
      #expect(resumed.history.count == 9)
    }
  }

  /// These change no bit, so they need no permission; what changes the metrics file is told.
  @Test func evaluationsAndCheckpointsMayChange() throws {
    try Toy.withFolder { folder in
      try start(folder)
      var told: [String] = []
      let evaluated = try job(folder, Toy.model(lora: lora), every: 3) {
        $0.evaluation = EvaluationOptions(sets: [("held_out", .rows(MemoryRows(Toy.rows(2))))], every: 2)
        $0.recompute = true
        $0.progress = ProgressLine(isShown: false) { told.append($0) }
      }
      #expect(evaluated.changes.map(\.name) == ["evaluation"])
      #expect(evaluated.changes[0].before == "none")
      #expect(evaluated.changes[0].after.hasPrefix("every 2 steps: held_out, sha256 "))
      #expect(told == ["continuing after step 4 with changes:\n", "  \(evaluated.changes[0])\n"])
      let reference = try Toy.model(lora: lora)
      try job(folder + "/other", reference).run()
      let model = try Toy.model(lora: lora)
      try job(folder, model, every: 3) { $0.recompute = true }.run()
      // A run that has ended makes no step that would be another one.
      let lines = try FileSystem.read(folder + "/ckpt/metrics.jsonl")
      _ = try job(folder, Toy.model(lora: lora)) {
        $0.evaluation = EvaluationOptions(sets: [("held_out", .rows(MemoryRows(Toy.rows(2))))], every: 2)
      }
      #expect(try FileSystem.read(folder + "/ckpt/metrics.jsonl") == lines)
      #expect(Toy.bits(model) == Toy.bits(reference))
    }
  }
}
