import Corpus
import Evaluation
import Files
import Models
import Processes
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite struct ResumeVerificationTests {
  private let lora = LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "down"], train: ["embedding"])

  /// 11 rows in windows of 4: step 3 ends the first pass with a short window.
  private func verify(
    _ model: LanguageModel, at: Int, steps: Int? = nil, rows: any RowSource = MemoryRows(Toy.rows(11)),
    change: (inout TrainingOptions) throws -> Void = { _ in }, attach: ((TrainingJob) throws -> Void)? = nil
  ) throws -> ResumeReport {
    var options = try Toy.options(steps: 7, batch: 2, accumulate: 2)
    try change(&options)
    return try ResumeVerification(at: at, steps: steps)
      .report(model: model, data: rows, options: options, attach: attach)
  }

  @Test(arguments: [1, 3, 6]) func anOrdinaryJobIsVerified(at: Int) throws {
    for lora in [nil, lora] {
      let model = try Toy.model(lora: lora)
      let before = Toy.bits(model)
      let report = try verify(model, at: at)
      #expect(report.isEqual, "\(report)")
      #expect(report.steps == 7 && report.step == nil && report.differences.isEmpty)
      #expect(Toy.bits(model) == before)
      #expect(model.transformer.parameters.allSatisfy { $0.tensor.grad == nil })
      let count = model.transformer.trainable.count
      #expect(
        report.description == """
          verified: cut at step \(at) and resumed, the run has the same bits at step 7 as without a cut
            weights  \(count) tensors, sha256 \(report.weights.hash)
            moments  \(2 * count) tensors, sha256 \(report.moments.hash)
            metrics  7 steps equal (but for times), sample ids and s.state equal
          """)
    }
  }

  @Test func whatARunSaysIsSaidOnce() throws {
    var told: [String] = []
    let progress = ProgressLine(isShown: false) { told.append($0) }
    let rows = Toy.rows(8).map { row in
      Row(
        ids: row.ids, targets: row.targets.dropLast(2) + [2, -1], documents: row.documents,
        samples: row.samples, lessons: [0])
    }
    _ = try verify(Toy.model(), at: 2, steps: 3, rows: MemoryRows(rows), change: { $0.progress = progress })
    #expect(told.count == 1 && told[0].hasPrefix("end token "), "\(told)")
  }

  @Test func aModelInHalfPrecisionIsVerifiedAndKeepsItsType() throws {
    let model = try Toy.model(types: WeightTypes(dtype: "bf16", quantize: nil))
    let tensors = model.transformer.parameters.map(\.tensor)
    let report = try verify(model, at: 3)
    #expect(report.isEqual, "\(report)")
    #expect(zip(model.transformer.parameters, tensors).allSatisfy { $0.tensor === $1 })
    #expect(tensors[0].dataType == .bf16)
  }

  /// The hash is that of what the job itself ends with.
  @Test func theRunsAreThoseOfTheJob() throws {
    try Toy.withFolder { folder in
      let options = try Toy.options(steps: 7, checkpoint: .init(directory: folder, every: 100))
      try TrainingJob(model: Toy.model(), data: MemoryRows(Toy.rows(11)), options: options).run()
      let report = try ResumeVerification(at: 2).report(
        model: Toy.model(), data: MemoryRows(Toy.rows(11)), options: options)
      #expect(
        try SHA256.hex(ofFile: folder + "/step-000007/weights.safetensors").hasPrefix(report.weights.hash))
      #expect(
        try SHA256.hex(ofFile: folder + "/step-000007/optimizer.safetensors").hasPrefix(report.moments.hash))
      // The job's own folder is as it was.
      #expect(try FileSystem.list(folder) == ["metrics.jsonl", "step-000007"])
    }
  }

  /// Evaluations, hooks with a state and data that start again are part of the job.
  @Test func everythingOfAJobTakesPart() throws {
    var steps: [Int] = []
    let report = try verify(
      Toy.model(lora: lora), at: 4, steps: 6,
      change: {
        let held = MemoryRows(Toy.rows(2, seed: 8))
        $0.evaluation = EvaluationOptions(sets: [("held_out", .rows(held))], every: 2)
        $0.recompute = true
      },
      attach: { job in
        job.onStep = { [unowned job] record in
          steps.append(record.step)
          job.state = ["sum": .number((job.state["sum"]?.doubleValue ?? 0) + record.loss)]
        }
      })
    #expect(report.isEqual, "\(report)")
    #expect(report.steps == 6)
    // Once through, then cut, then resumed.
    #expect(steps == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
  }

  /// The sum of the losses is kept in a variable and not in the state, so that the resumed run goes on with another.
  @Test func aHookThatKeepsItsStateElsewhereIsFound() throws {
    let model = try Toy.model()
    let before = Toy.bits(model)
    var count = 0
    let report = try verify(
      model, at: 3,
      change: { $0.schedule = .function { _, _ in count > 9 ? 0.005 : 0.01 } },
      attach: { job in job.onStep = { _ in count += 1 } })
    #expect(!report.isEqual)
    #expect(report.step == 4)
    #expect(report.comparisons[0].differences.isEmpty)
    #expect(report.differences.first == "cut at step 3 and resumed: first at step 4: lr 0.01 != 0.005")
    let words = "cut at step 3 and resumed: 21 of 21 weights differ, first lm_head.weight with "
    #expect(report.differences.dropFirst().first?.prefix(words.count) ?? "" == words)
    let lines = report.description.split(separator: "\n")
    #expect(
      lines[0] == "NOT verified: runs of this job differ (below, the one that ran through != the other)")
    #expect(lines[1] == "  cut at step 3 and resumed:")
    #expect(lines[2] == "    first at step 4: lr 0.01 != 0.005")
    #expect(
      lines.suffix(2) == [
        "  Hooks, schedules and weights of mixes must be pure functions of their arguments and s.state:",
        "  one that keeps something elsewhere, as in a variable outside of it, makes runs differ.",
      ])
    #expect(Toy.bits(model) == before)
  }

  /// Two runs from the start differ already.
  @Test func aScheduleThatIsNoFunctionOfItsArgumentsIsFound() throws {
    var calls = 0
    let report = try verify(
      Toy.model(), at: 3,
      change: {
        $0.schedule = .function { _, _ in
          calls += 1
          return Double(calls) * 1e-3
        }
      })
    #expect(report.comparisons.map(\.step) == [1, 1])
    #expect(
      report.differences.first == "run again from the start, up to step 3: first at step 1: lr 0.001 != 0.008"
    )
  }

  @Test func aStateThatIsNotSavedIsFound() throws {
    var number = 0
    let report = try verify(
      Toy.model(), at: 3,
      attach: { job in
        number += 1
        let own = number
        job.captureState = { ["run": JSON(own)] }
      })
    #expect(report.differences == ["cut at step 3 and resumed: s.state: {\"run\": 1} != {\"run\": 3}"])
    #expect(report.step == nil)
  }

  @Test func dataWithAnotherOrderAreFound() throws {
    let report = try verify(Toy.model(), at: 3, rows: RestlessRows(Toy.rows(11)))
    #expect(!report.isEqual && report.step == 1)
    #expect(report.differences.contains { $0.hasSuffix(": samples of step 1: toy:2 != toy:6 as number 1") })
  }

  @Test func anErrorOnTheWayLeavesTheModelAsItWas() throws {
    struct Wish: Error {}
    let model = try Toy.model(lora: lora)
    let before = Toy.bits(model)
    for fatal in [2, 9, 13] {
      var steps = 0
      #expect(throws: Wish.self) {
        try verify(
          model, at: 4,
          attach: { job in
            job.onStep = { _ in
              steps += 1
              if steps == fatal { throw Wish() }
            }
          })
      }
      #expect(Toy.bits(model) == before)
    }
    #expect(throws: Interrupted.self) {
      try verify(model, at: 4, attach: { job in job.onStep = { if $0.step == 6 { throw Interrupted() } } })
    }
    #expect(Toy.bits(model) == before)
  }

  /// Training puts copies in the place of weights that lie in a file; they go again.
  @Test func weightsOfAMappedFileStayThere() throws {
    try Toy.withFolder { folder in
      try Toy.model().save(to: folder + "/model")
      let model = try LanguageModel.load(folder + "/model")
      let tensors = model.transformer.parameters.map(\.tensor)
      #expect(tensors.allSatisfy { $0.isBorrowed })
      #expect(try verify(model, at: 2, steps: 4).isEqual)
      #expect(zip(model.transformer.parameters, tensors).allSatisfy { $0.tensor === $1 })
      #expect(model.transformer.parameters.allSatisfy { $0.isTrainable })
      // What was trained only here is no difference from the base.
      try model.addLoRA(LoRAOptions(rank: 2))
      try model.saveAdapter(to: folder + "/adapter")
    }
  }

  @Test func aCutOutsideOfTheRunIsRefused() throws {
    #expect(throws: TrainingError(argument: "at", reason: "a step from 1 on expected, got 0")) {
      try verify(Toy.model(), at: 0)
    }
    for (at, steps) in [(7, nil), (5, 5), (9, 5)] as [(Int, Int?)] {
      #expect(
        throws: TrainingError(
          argument: "at", reason: "a step from 1 to \((steps ?? 7) - 1) expected, got \(at)")
      ) { try verify(Toy.model(), at: at, steps: steps) }
    }
    #expect(throws: TrainingError(argument: "threads", reason: "positive numbers expected, got 0")) {
      try ResumeVerification(at: 1, threads: [0]).report(
        model: Toy.model(), data: MemoryRows(Toy.rows(4)), options: Toy.options())
    }
  }
}

/// Rows that begin one row later each time they are read.
private final class RestlessRows: RowSource {
  let length = 64
  let isEndless = false
  let identity: JSON = "restless"
  private let rows: [Row]
  private var readings = 0

  init(_ rows: [Row]) { self.rows = rows }

  func open(pass: Int) throws -> any RowCursor {
    readings += 1
    return try MemoryRows(Array(rows[readings...] + rows[..<readings])).open(pass: pass)
  }
}
