import Files
import Models
import Scripting
import Training

let trainModule = LuaModule(
  "yuyan.train", "Training.",
  [
    LuaFunction(
      "run", "Trains what a model has unfrozen; killed at any moment, it continues bit for bit.",
      Param<TrainChoices>("options", "model, data, steps and everything else that decides a run"),
      returns: Returns<RunObject>("run", "its history"),
      example: "yy.train.run({ model = m, data = packed, steps = 300, lr = 1e-4 })"
    ) { options in try options.run() },
    LuaFunction(
      "plan",
      "Tells what a run would take, before anything is allocated: memory, disk, and with measure time.",
      Param<PlanChoices>("options", "those of yy.train.run, whose model may be a description"),
      returns: Returns<PlanObject>("plan", "prints as a table, with what to change where it does not fit"),
      example:
        "print(yy.train.plan({ model = m, data = packed, steps = 300, lr = 1e-4, max_memory = '4GB' }))"
    ) { options in try options.plan() },
    LuaFunction(
      "verify_resume",
      "Shows on a job that a run cut and resumed ends with the bits of one that ran through.",
      Param<TrainChoices>(
        "job",
        "what yy.train.run takes; functions run too, and must depend on their arguments and s.state alone"),
      Param<VerifyResumeChoices>("options", "where the run is cut"),
      returns: Returns<ResumeReportObject>("report", "prints what is equal, or what differs first"),
      example: "yy.train.verify_resume(job, { at = 37, steps = 50, threads = { 1, 2, 4 } })"
    ) { job, options in try job.verifyResume(options) },
  ],
  classes: [RunObject.luaClass, PlanObject.luaClass, ResumeReportObject.luaClass])

/// What `yy.train.run` gives back, as Lua holds it.
final class RunObject: LuaObject, CustomStringConvertible {
  let job: TrainingJob
  init(_ job: TrainingJob) { self.job = job }

  var description: String {
    let loss = job.history.last?["loss"]?.doubleValue.map { ", loss \(($0 * 10000).rounded() / 10000)" } ?? ""
    return "run (\(job.completedSteps) of \(job.steps) steps\(loss))"
  }

  static let luaClass = LuaClass<RunObject>(
    "TrainingRun", "A finished training run.",
    [
      .property("history", "One record a step: step, loss, lr, gradient_norm, tokens and so on.") {
        $0.job.history
      },
      .property("steps", "Steps of the whole run.") { $0.job.steps },
      .property("resumed_from", "The step it continued from, or nil.") { $0.job.resumedFrom },
      .property("changes", "What it changed when it was resumed: name, before and after.") {
        $0.job.changes.map(\.json)
      },
      .property("state", "The table s.state as the hooks left it.") {
        try $0.job.captureState?() ?? $0.job.state
      },
      .property("samples", "Where the documents of the last step's rows come from.") { $0.job.lastSamples },
    ])
}
