import Corpus
import Files
import Models
import OrderedCollections
import Scripting
import Training

/// The options of a run, and what a plan asks beside them.
struct PlanChoices: LuaOptions {
  var model: Either<LanguageModel, ShapeObject>?
  var run = TrainChoices()
  var length: Int?
  var maxMemory: Either<Int, String>?
  var measure = false

  static let luaName = "PlanOptions"
  static let fields: [Field<Self>] =
    [
      Field(
        "model", "what is trained, or a shape from yy.model.describe that need not exist", \Self.model,
        required: true)
    ] + TrainChoices.fields.filter { $0.name != "model" }.map { $0.nested(in: \Self.run, required: false) }
    + [
      Field("length", "the most tokens of a row, where there are no data yet", \Self.length),
      Field(
        "max_memory", "what the process may take: bytes, or a text such as '4GB' (what is available)",
        \Self.maxMemory),
      Field(
        "measure", "whether two steps are timed; model and data stay as they are", \Self.measure),
    ]

  func validate() throws {
    if run.data == nil, length == nil { throw BadArgument("data", "rows expected, or their length") }
    if run.data != nil, length != nil { throw BadArgument("length", "the data have a length already") }
    if measure, run.data == nil { throw BadArgument("measure", "steps need data") }
    if measure, case .second = model { throw BadArgument("measure", "steps need a model, this is a shape") }
    _ = try limit()
  }

  func plan() throws -> PlanObject {
    var run = run
    if run.learningRate == nil { run.learningRate = .first(.first(0)) }
    let options = try run.options()
    switch model {
    case .first(let model):
      if let data = run.data {
        return PlanObject(
          try naming(["ids": "data"]) {
            try TrainingPlan.make(
              model, data: data.source, options: options, maxMemory: limit(), measure: measure)
          })
      }
      return PlanObject(
        try TrainingPlan.make(model, length: length ?? 0, options: options, maxMemory: limit()))
    case .second(let shape):
      return PlanObject(
        try TrainingPlan.make(
          shape.report, length: run.data?.source.length ?? length ?? 0, options: options,
          maxMemory: limit()))
    case nil: preconditionFailure("required options are read")
    }
  }

  private func limit() throws -> Int? {
    switch maxMemory {
    case .first(let bytes): return bytes
    case .second(let text):
      guard let bytes = ByteCount.parse(text) else {
        throw BadArgument("max_memory", "a number of bytes, or a text such as '4GB', expected, got '\(text)'")
      }
      return bytes
    case nil: return nil
    }
  }
}

/// A plan as Lua holds it.
final class PlanObject: LuaObject, CustomStringConvertible {
  let plan: TrainingPlan
  init(_ plan: TrainingPlan) { self.plan = plan }
  var description: String { plan.description }

  static let luaClass = LuaClass<PlanObject>("TrainingPlan", "What a run would take.", memory + rest)

  private static let memory: [LuaMember<PlanObject>] = [
    .property("peak", "Bytes of memory when they are most.") { $0.plan.peak },
    .property("weights", "Bytes of weights at the peak.") { $0.plan.memory.peak.weights },
    .property("gradients", "Bytes of gradients at the peak.") { $0.plan.memory.peak.gradients },
    .property("optimizer", "Bytes of the optimizer's moments.") { $0.plan.memory.peak.optimizer },
    .property("activations", "Bytes of activations at the peak.") { $0.plan.memory.peak.activations },
    .property("layers", "Bytes of activations by layer; the rest is the head's and the loss's.") {
      $0.plan.memory.peak.layers
    },
    .property("reserve", "Bytes of released buffers that are kept for reuse.") { $0.plan.memory.reserve },
    .property("program", "Bytes that the process holds beside the model.") { $0.plan.program },
    .property("evaluation", "Bytes of memory during an evaluation, or nil.") { object in
      object.plan.memory.evaluation.map { $0.total + object.plan.memory.reserve + object.plan.program }
    },
    .property("moment", "When memory is at its peak.") { $0.plan.memory.peak.moment },
    .property("max_memory", "Bytes that the process may take.") { $0.plan.limit },
    .property("fits", "Whether the peak is within them.") { $0.plan.fits },
  ]

  private static let rest: [LuaMember<PlanObject>] = [
    .property("advice", "Where it does not fit: a list of { change, saves, price, fits }.") { object in
      object.plan.advice.map { advice in
        JSON.object([
          "change": .string(advice.change), "saves": JSON(advice.saves), "price": .string(advice.price),
          "fits": .bool(advice.fits),
        ])
      }
    },
    .property("disk", "Bytes of the checkpoints that are kept and of the one being written.") {
      $0.plan.disk?.bytes ?? 0
    },
    .property("checkpoints", "How many checkpoints there are at most.") { $0.plan.disk?.checkpoints ?? 0 },
    .property("steps", "Updates of the whole run, or nil where nobody counted.") { $0.plan.steps },
    .property("tokens_per_second", "As measured, or nil.") { $0.plan.timing?.tokensPerSecond },
    .property("seconds_per_step", "As measured, or nil.") { $0.plan.timing?.secondsPerStep },
    .property("hours", "For all steps as measured, without evaluations; or nil.") { $0.plan.hours },
  ]
}
