import Evaluation
import Files
import Models
import OrderedCollections
import Scripting
import Training

struct TrainChoices: LuaOptions {
  var model: LanguageModel?
  var data: RowsObject?
  var steps: Int?
  var batchSize = 8
  var accumulate = 1
  var seed: UInt64 = 0
  var optimizer: OptimizerObject?
  var clip: Either<Double, Bool> = .first(1)
  var learningRate: Either<Either<Double, ScheduleObject>, LuaCallback>?
  var evaluate: EvaluateChoices?
  var checkpoint: CheckpointChoices?
  var resume: Either<Bool, ResumeChoices> = .first(false)
  var recompute = false
  var metrics: String?
  var state: JSON = .object([:])
  var onStep: LuaCallback?

  static let luaName = "TrainOptions"
  static let fields: [Field<Self>] = [
    Field("model", "what is trained: everything it has unfrozen", \Self.model, required: true),
    Field("data", "rows of tokens; at their end they start again", \Self.data, required: true),
    Field("steps", "updates; without it one pass over the data", \Self.steps),
    Field("batch_size", "rows drawn at a time", \Self.batchSize),
    Field("accumulate", "draws a step; batch_size x accumulate rows make one update", \Self.accumulate),
    Field("seed", "decides dropout", \Self.seed),
    Field("optimizer", "from yy.optim", \Self.optimizer),
    Field("clip", "greatest norm of all gradients together; false does not clip", \Self.clip),
    Field(
      "lr", "a number, a schedule from yy.schedule, or function(step, steps)", \Self.learningRate,
      required: true),
    Field("evaluate", "what is measured on the way", \Self.evaluate),
    Field("checkpoint", "where and how often the run is saved", \Self.checkpoint),
    Field(
      "resume",
      "whether to continue from the latest checkpoint, if there is one; a table changes settings there",
      \Self.resume),
    Field(
      "recompute", "less memory for more time, same bits: blocks run again in the backward pass",
      \Self.recompute),
    Field("metrics", "a file of one JSON object a step (in the checkpoint folder)", \Self.metrics),
    Field("state", "the table s.state of hooks at the start; checkpoints save it", \Self.state),
    Field("on_step", "function(s) called after every step with its record and s.state", \Self.onStep),
  ]

  func run() throws -> RunObject {
    guard let model, let data else { preconditionFailure("required options are read") }
    let options = try options()
    let job = try TrainingJob(model: model, data: data.source, options: options)
    try attachHook(to: job)
    try naming(["ids": "data"]) { try job.run() }
    return RunObject(job)
  }

  func verifyResume(_ choices: VerifyResumeChoices) throws -> ResumeReportObject {
    guard let model, let data else { preconditionFailure("required options are read") }
    let options = try options()
    return ResumeReportObject(
      try naming(["ids": "data"]) {
        try choices.verification.report(
          model: model, data: data.source, options: options, attach: attachHook)
      })
  }

  private func attachHook(to job: TrainingJob) throws {
    if let onStep { try Hook(onStep, job.state).attach(to: job) }
  }

  func options() throws -> TrainingOptions {
    TrainingOptions(
      steps: steps, batchSize: batchSize, accumulate: accumulate, seed: seed,
      schedule: try Self.schedule(learningRate),
      optimizer: optimizer?.options ?? AdamWOptions(), clip: try Self.greatestNorm(clip),
      evaluation: try evaluate?.options(),
      checkpoint: try checkpoint?.options(), resume: continues, changes: try changes(),
      recompute: recompute, metrics: metrics, progress: ProgressLine(), state: state)
  }

  private var continues: Bool {
    if case .first(let resume) = resume { resume } else { true }
  }

  private func changes() throws -> ResumeChanges {
    if case .second(let choices) = resume { try choices.changes() } else { ResumeChanges() }
  }

  static func greatestNorm(_ clip: Either<Double, Bool>) throws -> Double? {
    switch clip {
    case .first(let norm): return norm
    case .second(false): return nil
    case .second(true): throw BadArgument("clip", "a number or false expected, got true")
    }
  }

  static func schedule(
    _ learningRate: Either<Either<Double, ScheduleObject>, LuaCallback>?
  ) throws -> Schedule {
    switch learningRate {
    case .first(.first(let rate)): return try Schedule.constant(rate)
    case .first(.second(let object)): return object.schedule
    case .second(let function):
      return .function("function, sha256 \(try function.fingerprint().prefix(16))") { step, steps in
        guard let rate = try function.call(step, steps, returning: Double?.self) else {
          let place = function.place.map { " (\($0))" } ?? ""
          throw BadArgument("lr", "the function\(place) returned nil for step \(step), a number expected")
        }
        return rate
      }
    case nil: preconditionFailure("required options are read")
    }
  }
}

/// Calls a Lua hook after every step, and keeps its table `s.state`.
private struct Hook {
  let function: LuaCallback
  let state: LuaTable

  init(_ function: LuaCallback, _ saved: JSON) throws {
    self.function = function
    let lua = try function.reference.state()
    try saved.push(to: lua)
    state = LuaTable(try lua.takeReference())
  }

  func attach(to job: TrainingJob) {
    job.onStep = { record in
      let table = try LuaTable(in: function.reference.state())
      for (name, value) in record.fields { try table.set(name, to: value) }
      try table.set("state", to: state)
      try function.run(table)
    }
    job.captureState = {
      do { return try state.reference.read(as: JSON.self) } catch let fault as ValueFault {
        throw TrainingError(argument: "on_step", reason: "s.state cannot be saved: \(fault.reason)")
      }
    }
  }
}

struct CheckpointChoices: LuaOptions {
  var dir: String?
  var every = 100
  var keep = 3
  static let luaName = "CheckpointOptions"
  static let fields = [
    Field("dir", "the folder", \Self.dir, required: true),
    Field("every", "in steps; the last step is always saved", \Self.every),
    Field("keep", "how many of the latest are kept, and the best one beside them", \Self.keep),
  ]

  func options() throws -> CheckpointOptions {
    guard let dir else { preconditionFailure("required options are read") }
    return CheckpointOptions(directory: dir, every: every, keep: keep)
  }
}

struct EvaluateChoices: LuaOptions {
  var data: Either<MeasuredData, [String: MeasuredData]>?
  var every = 100
  var window: Int?
  var stride: Int?
  var tokens: Int?
  var bytes: Int?
  static let luaName = "EvaluateOptions"
  static let fields = [
    Field("data", "documents, rows, or several of them by name", \Self.data, required: true),
    Field("every", "in steps; the last step is always measured", \Self.every),
    Field("window", "predicted tokens of a window over a long text (the model's context)", \Self.window),
    Field("stride", "how far windows advance (half a window)", \Self.stride),
    Field("tokens", "stop after the document that reaches so many tokens", \Self.tokens),
    Field("bytes", PerplexityChoices.bytesHelp, \Self.bytes),
  ]

  func options() throws -> EvaluationOptions {
    let sets: [(name: String, data: EvaluationData)] =
      switch data {
      case .first(let one): [("evaluation", try one.data())]
      case .second(let several):
        try several.sorted { $0.key < $1.key }.map { ($0.key, try $0.value.data()) }
      case nil: preconditionFailure("required options are read")
      }
    return EvaluationOptions(
      sets: sets, every: every,
      options: PerplexityOptions(window: window, stride: stride, tokens: tokens, bytes: bytes))
  }
}
