public import Corpus
import Evaluation
public import Files
import Glibc
public import Models
import Processes
import Tensors

/// A training run that advances one optimizer step at a time.
///
/// A step draws its rows in order, divides the loss by the trained tokens of all of them, and adds the rows' gradients in
/// that order, so how the rows are split into batches changes no bit. An error or Ctrl-C before the update leaves
/// model, optimizer and data where the last finished step left them; calling `step()` again goes on from there.
public final class TrainingJob {
  public let options: TrainingOptions
  /// Steps of the whole run.
  public let steps: Int
  /// Steps whose update has been made.
  public private(set) var completedSteps = 0
  /// The step this run continued from; nil if it started.
  public private(set) var resumedFrom: Int?
  /// What it does otherwise than the run up to there: settings changed on purpose, and another evaluation, which
  /// changes no bit.
  public private(set) var changes: [SettingChange] = []
  /// The records of all finished steps, also those before a resume, as they stand in the metrics file.
  public private(set) var history: [JSON] = []
  /// Where the documents of the latest step's rows come from, in order.
  public private(set) var lastSamples: [String] = []
  /// How many lessons train an end token; nil for plain texts and where the run continues an earlier one.
  public private(set) var endTokens: EndTokenShare?
  /// What hooks keep between steps; checkpoints save it.
  public var state: JSON
  /// Asked for `state` before a checkpoint is written, where a hook keeps it elsewhere.
  public var captureState: (() throws -> JSON)?
  /// Called after every step with its record, before the step's checkpoint is written.
  public var onStep: ((StepRecord) throws -> Void)?

  private let model: LanguageModel
  private let reader: WindowReader
  private let optimizer: Optimizer
  private let metrics: MetricsFile?
  private let checkpoints: CheckpointFolder?
  private let settings: RunSettings?
  /// Rows drawn for a step that was interrupted, and the reader's state before them.
  private var drawn: (window: RowWindow, before: JSON)?
  /// What remains to be done for the latest step.
  private var rest: Rest?
  private var isStepping = false

  private enum Rest {
    case evaluation(StepRecord)
    case hook(StepRecord)
    case checkpoint(StepRecord)
  }

  /// Prepares a run, and continues from its latest checkpoint where the options ask for it.
  ///
  /// Throws `TrainingError` for options out of range and for a checkpoint that belongs to another run.
  public init(model: LanguageModel, data: any RowSource, options: TrainingOptions) throws {
    let original = options
    let options = original.changes.applied(to: original)
    try options.validate()
    guard !model.transformer.trainable.isEmpty else {
      throw TrainingError.nothingTrained
    }
    try TrainingPlan.requireMemory(model, data: data, options: options)
    self.model = model
    self.options = options
    state = options.state
    let steps: Int
    if let wanted = options.steps {
      steps = wanted
    } else {
      steps = (try WindowReader.count(data) + options.rowsPerStep - 1) / options.rowsPerStep
    }
    self.steps = steps
    reader = try WindowReader(data)
    model.transformer.ownTrainableWeights()
    optimizer = Optimizer(model.transformer.trainable, options.optimizer)
    guard let place = options.checkpoint else {
      checkpoints = nil
      settings = nil
      endTokens = try EndTokenShare(data, for: model)
      metrics = try options.metrics.map { try MetricsFile(path: $0, continuingAfter: 0) }
      return
    }
    let folder = try CheckpointFolder(place)
    let floats = optimizer.slots.reduce(0) { $0 + $1.parameter.count }
    try folder.requireSpace(
      bytesEach: UInt64(Checkpoint.byteCount(ofTrained: floats)), count: place.count(steps: steps),
      keepsBest: options.evaluation != nil)
    checkpoints = folder
    let settings = try RunSettings(model: model, data: data, options: options, steps: steps)
    self.settings = settings
    let path = options.metrics ?? FileSystem.join(place.directory, "metrics.jsonl")
    if options.resume, let latest = folder.latest {
      try original.changes.requireSteps(after: Checkpoint.header(latest).step, of: latest)
      let (checkpoint, changes) = try Checkpoint.read(
        latest, settings: settings, changing: original.changes.settings, into: optimizer)
      try reader.restore(checkpoint.cursor)
      state = checkpoint.state
      completedSteps = checkpoint.step
      resumedFrom = checkpoint.step
      history = try MetricsFile.records(at: path, through: checkpoint.step).filter(StepRecord.isStep)
      self.changes = changes
    } else if !original.changes.settings.isEmpty {
      throw TrainingError(
        argument: "resume",
        reason: "there is no checkpoint in \(place.directory) to continue with changes; resume = true starts "
          + "where there is none")
    } else if let latest = folder.latest {
      throw TrainingError(
        argument: "checkpoint",
        reason: "\(latest) is there from an earlier run: resume = true continues it, another dir starts anew")
    } else {
      endTokens = try EndTokenShare(data, for: model)
    }
    metrics = try MetricsFile(path: path, continuingAfter: completedSteps)
    try tellChanges()
  }

  /// Writes the changes among the metrics, before the first step they concern, and shows them.
  private func tellChanges() throws {
    guard !changes.isEmpty, !isFinished else { return }
    let record: JSON = [
      "step": JSON(completedSteps + 1), "changes": .array(changes.map(\.json)),
    ]
    try metrics?.append(record, synchronize: false)
    options.progress?.note("continuing after step \(completedSteps) with changes:")
    for change in changes { options.progress?.note("  \(change)") }
  }

  public var isFinished: Bool { completedSteps >= steps && rest == nil }

  /// Runs to the end; `onStep` is called after every step.
  public func run() throws {
    defer { options.progress?.close() }
    while !isFinished { _ = try step() }
  }

  /// Makes one step, or finishes what an interrupt left of the latest one, and returns its record.
  public func step() throws -> StepRecord {
    guard !isFinished else {
      throw TrainingError(argument: "step", reason: "the run has made its \(steps) steps")
    }
    guard !isStepping else {
      throw TrainingError(argument: "step", reason: "a hook of a step cannot make the next one")
    }
    isStepping = true
    defer { isStepping = false }
    if rest == nil { rest = .evaluation(try update()) }
    while true {
      switch rest {
      case .evaluation(var record):
        record.evaluations = try evaluate(after: record.step)
        let json = record.json
        try metrics?.append(json, synchronize: isCheckpointDue(after: record.step))
        history.append(json)
        rest = .hook(record)
      case .hook(let record):
        if let onStep {
          options.progress?.clear()
          try onStep(record)
        }
        options.progress?.show(record, of: steps, at: Self.now())
        rest = .checkpoint(record)
      case .checkpoint(let record):
        if isCheckpointDue(after: record.step) { try save(record) }
        rest = nil
        return record
      case nil:
        preconditionFailure("a step has a rest until it returns")
      }
    }
  }

  private func isCheckpointDue(after step: Int) -> Bool {
    options.checkpoint.map { step % $0.every == 0 || step == steps } ?? false
  }

  /// Writes a checkpoint of the latest finished step now, unless there is one; does nothing without a checkpoint folder.
  public func saveCheckpoint() throws {
    switch rest {
    case .evaluation: _ = try step()
    case .hook(let record), .checkpoint(let record): return try save(record)
    case nil: break
    }
    if completedSteps > 0 { try save(nil) }
  }

  private func save(_ record: StepRecord?) throws {
    guard let checkpoints, let settings else { return }
    if let captureState { state = try captureState() }
    let score = record?.evaluations.first.map { $0.result.nll }
    let checkpoint = Checkpoint(
      step: completedSteps, cursor: drawn?.before ?? reader.state, state: state, score: score)
    try checkpoints.save(checkpoint, settings: settings, of: optimizer)
  }

  private func evaluate(after step: Int) throws -> [(name: String, result: EvaluationResult)] {
    guard let evaluation = options.evaluation, step % evaluation.every == 0 || step == steps else {
      return []
    }
    return try evaluation.sets.map { set in
      (set.name, try perplexity(model, of: set.data, options: evaluation.options))
    }
  }

  // MARK: - One update

  private func update() throws -> StepRecord {
    let number = completedSteps + 1
    let start = Self.now()
    if number == 1, drawn == nil, let endTokens { options.progress?.note(endTokens.description) }
    let rate = try options.schedule.learningRate(step: number, of: steps)
    let window = try draw()
    let loss: Double
    let norm: Double
    let gradients = WindowGradients(model: model.transformer, optimizer: optimizer, options: options)
    optimizer.clearGradients()
    do {
      loss = try gradients.add(of: window, step: number)
      norm = optimizer.gradientNorm()
      if !norm.isFinite { throw try gradients.fault(norm, in: window, step: number) }
      try Interrupt.check()
    } catch {
      optimizer.clearGradients()
      throw error
    }
    // Like PyTorch's clip_grad_norm_.
    let scale = options.clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    try optimizer.update(step: number, learningRate: rate, gradientScale: scale)
    optimizer.clearGradients()
    completedSteps = number
    drawn = nil
    lastSamples = window.samples
    return StepRecord(
      step: number, loss: loss, learningRate: rate, gradientNorm: norm, tokens: window.tokens,
      trainedTokens: window.trainedTokens, seconds: Self.now() - start, samples: window.fingerprint)
  }

  private func draw() throws -> RowWindow {
    if let drawn { return drawn.window }
    let before = reader.state
    let window = try reader.next(rows: options.rowsPerStep)
    drawn = (window, before)
    return window
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
