public import Evaluation
public import Files

/// The settings of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) with PyTorch's names.
public struct AdamWOptions: Equatable, Sendable {
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// Decoupled; parameters of one axis (norms and biases) never decay.
  public var weightDecay: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01)
  {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  func validate() throws {
    func require(_ holds: Bool, _ argument: String, _ expected: String, _ got: Double) throws {
      if !holds { throw TrainingError(argument: argument, reason: "\(expected) expected, got \(got)") }
    }
    try require(beta1 >= 0 && beta1 < 1, "beta1", "a number from 0 up to, not including, 1", beta1)
    try require(beta2 >= 0 && beta2 < 1, "beta2", "a number from 0 up to, not including, 1", beta2)
    try require(epsilon > 0 && epsilon.isFinite, "epsilon", "a positive number", epsilon)
    try require(weightDecay >= 0 && weightDecay.isFinite, "weight_decay", "a number from 0 on", weightDecay)
  }
}

/// What is measured on the way, and how often; it changes no bit of the training.
public struct EvaluationOptions {
  /// Measured in this order, under these names; the first decides which checkpoint is the best.
  public var sets: [(name: String, data: EvaluationData)]
  /// In steps; the last step is always measured.
  public var every: Int
  public var options: PerplexityOptions

  public init(
    sets: [(name: String, data: EvaluationData)], every: Int, options: PerplexityOptions = PerplexityOptions()
  ) {
    self.sets = sets
    self.every = every
    self.options = options
  }
}

/// Where and how often the state of a run is saved.
public struct CheckpointOptions: Equatable, Sendable {
  public var directory: String
  /// In steps; the last step is always saved.
  public var every: Int
  /// So many of the latest are kept, and the best one beside them where there is an evaluation.
  public var keep: Int

  public init(directory: String, every: Int, keep: Int = 3) {
    self.directory = directory
    self.every = every
    self.keep = keep
  }

  /// How many there are of so many steps, where the steps are known.
  func count(steps: Int) -> Int { (steps + every - 1) / every }

  /// The most folders at one time of so many that are written: those kept and the one being written.
  func mostFolders(of count: Int, keepsBest: Bool) -> Int { min(count, keep + 1 + (keepsBest ? 1 : 0)) }

  func mostFolders(steps: Int?, keepsBest: Bool) -> Int {
    mostFolders(of: steps.map(count) ?? .max, keepsBest: keepsBest)
  }
}

/// Everything that decides a training run beside the model and the data.
public struct TrainingOptions {
  /// Optimizer steps, for which data that end start again; nil: one pass over the data.
  public var steps: Int?
  /// Rows drawn at a time; with `accumulate` it makes the rows of one step, which is all that matters.
  public var batchSize: Int
  public var accumulate: Int
  public var seed: UInt64
  public var schedule: Schedule
  public var optimizer: AdamWOptions
  /// The greatest norm of all gradients together; nil: no limit.
  public var clip: Double?
  public var evaluation: EvaluationOptions?
  public var checkpoint: CheckpointOptions?
  /// Continues from the latest checkpoint, bit for bit; starts where there is none.
  public var resume: Bool
  /// What the resumed run does otherwise, on purpose.
  public var changes: ResumeChanges
  /// Keeps only the inputs of the model's blocks for the backward pass, which runs each block once more; changes no
  /// bit.
  public var recompute: Bool
  /// A file of one JSON object a step; nil: `metrics.jsonl` in the checkpoint folder, if there is one.
  public var metrics: String?
  /// Shown while running; it is quiet where standard error is no terminal.
  public var progress: ProgressLine?
  /// The `state` of the hooks at the start, saved by checkpoints.
  public var state: JSON

  public init(
    steps: Int? = nil, batchSize: Int = 8, accumulate: Int = 1, seed: UInt64 = 0, schedule: Schedule,
    optimizer: AdamWOptions = AdamWOptions(), clip: Double? = 1, evaluation: EvaluationOptions? = nil,
    checkpoint: CheckpointOptions? = nil, resume: Bool = false, changes: ResumeChanges = ResumeChanges(),
    recompute: Bool = false, metrics: String? = nil, progress: ProgressLine? = nil, state: JSON = [:]
  ) {
    self.steps = steps
    self.batchSize = batchSize
    self.accumulate = accumulate
    self.seed = seed
    self.schedule = schedule
    self.optimizer = optimizer
    self.clip = clip
    self.evaluation = evaluation
    self.checkpoint = checkpoint
    self.resume = resume
    self.changes = changes
    self.recompute = recompute
    self.metrics = metrics
    self.progress = progress
    self.state = state
  }

  /// Rows of one optimizer step.
  public var rowsPerStep: Int { batchSize * accumulate }

  func validate() throws {
    func positive(_ value: Int, _ argument: String) throws {
      if value < 1 {
        throw TrainingError(argument: argument, reason: "a positive number expected, got \(value)")
      }
    }
    if let steps { try positive(steps, "steps") }
    try positive(batchSize, "batch_size")
    try positive(accumulate, "accumulate")
    try optimizer.validate()
    if let clip, !(clip > 0 && clip.isFinite) {
      throw TrainingError(argument: "clip", reason: "a positive number expected, got \(clip)")
    }
    if let evaluation { try positive(evaluation.every, "evaluate.every") }
    if let evaluation, evaluation.options.bytes != nil {
      for case (let name, .rows) in evaluation.sets {
        throw TrainingError(argument: "evaluate.bytes", reason: "'\(name)' is rows, which have no bytes")
      }
    }
    if let checkpoint {
      try positive(checkpoint.every, "checkpoint.every")
      try positive(checkpoint.keep, "checkpoint.keep")
    }
    if !resume, !changes.settings.isEmpty {
      throw TrainingError(argument: "resume", reason: "changes are made where a run is resumed")
    }
    if resume, checkpoint == nil {
      throw TrainingError(argument: "resume", reason: "a checkpoint folder is needed to continue from")
    }
  }
}
