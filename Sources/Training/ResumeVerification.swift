public import Corpus
import Files
public import Models
import Tensors

/// Shows on a user's own job that a run cut at a step and resumed ends with the bits of one that ran through.
///
/// The job runs from its start in a folder of its own, once through and once cut: the second run's objects are thrown
/// away and it is resumed from its checkpoint. What is compared: trained tensors, moments, metrics without times,
/// sample ids, the place in the data and the hooks' state. The model's trained weights are put back afterwards, also
/// after an error. Hooks run in every run; what they do outside of the job, as writing files, is done each time.
public struct ResumeVerification {
  /// The step after which the run is cut.
  public var at: Int
  /// The runs end after this step, or with the job when it is shorter; nil: with the job.
  ///
  /// The job's own number of steps stays what schedules see.
  public var steps: Int?
  /// The job also runs through with each of these numbers of threads; their number is put back afterwards.
  public var threads: [Int]

  public init(at: Int, steps: Int? = nil, threads: [Int] = []) {
    self.at = at
    self.steps = steps
    self.threads = threads
  }

  /// - Parameters:
  ///   - options: those of the job; its checkpoint folder and metrics file are left alone.
  ///   - attach: gives each run its hooks, if the job has any.
  /// - Throws: `TrainingError` when the run cannot be cut there, and whatever the runs throw.
  public func report(
    model: LanguageModel, data: any RowSource, options: TrainingOptions,
    attach: ((TrainingJob) throws -> Void)? = nil
  ) throws -> ResumeReport {
    guard at >= 1 else {
      throw TrainingError(argument: "at", reason: "a step from 1 on expected, got \(at)")
    }
    for number in threads where number < 1 {
      throw TrainingError(argument: "threads", reason: "positive numbers expected, got \(number)")
    }
    let folder = try PrivateFolder()
    let snapshot = TrainableSnapshot(of: model.transformer)
    defer {
      snapshot.restore()
      folder.remove()
      options.progress?.hasNotes = true
    }
    let runs = VerifiedRuns(
      model: model, data: data, options: options, at: at, folder: folder.path, snapshot: snapshot,
      attach: attach)
    let through = try runs.through("through", upTo: steps)
    options.progress?.hasNotes = false
    let (start, resumed) = try runs.cut("cut", upTo: through.steps)
    var comparisons = [
      start.compared(to: through.trace, as: "run again from the start, up to step \(at)"),
      try resumed.compared(to: through, as: "cut at step \(at) and resumed"),
    ]
    try FileSystem.remove(resumed.trace.folder)
    for number in threads {
      let before = Parallel.threads
      Parallel.threads = number
      defer { Parallel.threads = before }
      let run = try runs.through("threads-\(number)", upTo: through.steps)
      let name = "with \(number) \(number == 1 ? "thread" : "threads")"
      comparisons.append(try run.compared(to: through, as: name))
      try FileSystem.remove(run.trace.folder)
    }
    return ResumeReport(
      at: at, steps: through.steps, threads: threads, comparisons: comparisons,
      weights: (through.weights.count, String(through.weights.hash.prefix(16))),
      moments: (through.moments.count, String(through.moments.hash.prefix(16))))
  }
}

/// The runs that are compared, each from the model's weights as they were before.
private struct VerifiedRuns {
  let model: LanguageModel
  let data: any RowSource
  let options: TrainingOptions
  let at: Int
  let folder: String
  let snapshot: TrainableSnapshot
  let attach: ((TrainingJob) throws -> Void)?

  func through(_ name: String, upTo limit: Int?) throws -> WholeTrace {
    try run(name, upTo: limit).whole()
  }

  /// A run up to the cut, whose objects are gone when it returns, and the one that was resumed from its checkpoint.
  func cut(_ name: String, upTo limit: Int) throws -> (start: RunTrace, resumed: WholeTrace) {
    let start = try run(name, upTo: at, cut: true)
    return (start, try run(name, upTo: limit, resume: true).whole())
  }

  private func run(
    _ name: String, upTo limit: Int?, cut: Bool = false, resume: Bool = false
  ) throws -> RunTrace {
    snapshot.restore()
    var options = options
    options.checkpoint = CheckpointOptions(
      directory: FileSystem.join(folder, name), every: cut ? at : Int(Int32.max), keep: 1)
    options.resume = resume
    options.changes = ResumeChanges()
    options.metrics = nil
    let job = try TrainingJob(model: model, data: data, options: options)
    try attach?(job)
    let last = min(limit ?? job.steps, job.steps)
    guard cut || at < last else {
      let expected =
        last > 1 ? "a step from 1 to \(last - 1) expected, got \(at)" : "a run of 1 step cannot be cut"
      throw TrainingError(argument: "at", reason: expected)
    }
    var samples: [Int: [String]] = [:]
    while job.completedSteps < last {
      let record = try job.step()
      samples[record.step] = job.lastSamples
    }
    try job.saveCheckpoint()
    options.progress?.close()
    return RunTrace(
      steps: last, records: job.history.map(StepRecord.withoutTimes), samples: samples,
      folder: FileSystem.join(folder, name))
  }
}
