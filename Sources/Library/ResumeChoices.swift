import Scripting
import Training

/// `resume = { lr = 1e-4 }`: what a resumed run does otherwise, on purpose.
struct ResumeChoices: LuaOptions {
  var learningRate: Either<Either<Double, ScheduleObject>, LuaCallback>?
  var steps: Int?
  var clip: Either<Double, Bool>?
  var optimizer: OptimizerObject?
  static let luaName = "ResumeOptions"
  static let fields: [Field<Self>] = [
    Field("lr", "another learning rate from the resumed step on", \Self.learningRate),
    Field("steps", "another number of steps of the whole run", \Self.steps),
    Field("clip", "another greatest norm; false does not clip", \Self.clip),
    Field("optimizer", "other settings of the optimizer, which keeps its moments", \Self.optimizer),
  ]

  func changes() throws -> ResumeChanges {
    ResumeChanges(
      schedule: try learningRate.map { try TrainChoices.schedule($0) }, steps: steps,
      clip: try clip.map { try TrainChoices.greatestNorm($0).map { .at($0) } ?? .none },
      optimizer: optimizer?.options)
  }
}

/// How `yy.train.verify_resume` looks at a job.
struct VerifyResumeChoices: LuaOptions {
  var at: Int?
  var steps: Int?
  var threads: [Int] = []
  static let luaName = "VerifyResumeOptions"
  static let fields: [Field<Self>] = [
    Field("at", "the step after which a run is cut and resumed", \Self.at, required: true),
    Field("steps", "look no further than this step; schedules see the job's own number", \Self.steps),
    Field("threads", "run also with each of these numbers of threads", \Self.threads),
  ]

  func validate() throws {
    if let at, at < 1 { throw BadArgument("at", "a step from 1 on expected, got \(at)") }
    if let at, let steps, steps <= at {
      throw BadArgument("steps", "a step after \(at), where the run is cut, expected, got \(steps)")
    }
    if let number = threads.first(where: { $0 < 1 }) {
      throw BadArgument("threads", "positive numbers expected, got \(number)")
    }
  }

  var verification: ResumeVerification {
    guard let at else { preconditionFailure("required options are read") }
    return ResumeVerification(at: at, steps: steps, threads: threads)
  }
}

/// What `yy.train.verify_resume` found, as Lua holds it.
final class ResumeReportObject: LuaObject, CustomStringConvertible {
  let report: ResumeReport
  init(_ report: ResumeReport) { self.report = report }

  var description: String { report.description }

  static let luaClass = LuaClass<ResumeReportObject>(
    "ResumeReport", "Whether a job that was cut and resumed ended with the same bits.",
    [
      .property("ok", "Whether every run had the same bits.") { $0.report.isEqual },
      .property("at", "The step after which a run was cut.") { $0.report.at },
      .property("steps", "The step the runs were compared at.") { $0.report.steps },
      .property("step", "The first step whose records differ, or nil.") { $0.report.step },
      .property("differences", "What differs, a line each.") { $0.report.differences },
      .property("weights", "The start of the SHA-256 of the trained tensors of the run through.") {
        $0.report.weights.hash
      },
      .property("moments", "The start of the SHA-256 of the optimizer's moments of the run through.") {
        $0.report.moments.hash
      },
      .property("threads", "The numbers of threads that were compared.") { $0.report.threads },
    ])
}
