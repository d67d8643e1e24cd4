import Tensors

/// The memory that training takes, known before anything is allocated.
public struct TrainingMemory: Equatable, Sendable {
  /// What of a run decides it beside the model.
  public struct Run: Equatable, Sendable {
    /// The most tokens of a row, and of an evaluation's row; nil where nothing is evaluated.
    public var length: Int
    public var evaluationLength: Int?
    /// Rows of a step: with one, no gradients are there yet while activations are most.
    public var rowsPerStep: Int
    /// Whether only the inputs of blocks are kept, and blocks computed again in the backward pass.
    public var recompute: Bool

    public init(length: Int, evaluationLength: Int? = nil, rowsPerStep: Int = 2, recompute: Bool = false) {
      self.length = length
      self.evaluationLength = evaluationLength
      self.rowsPerStep = rowsPerStep
      self.recompute = recompute
    }
  }

  /// Bytes at the moment when they are most.
  public struct Peak: Equatable, Sendable {
    public let weights: Int
    public let gradients: Int
    public let optimizer: Int
    public let activations: Int
    /// The activations by the layer that made them; the rest belongs to embedding, last norm, head and loss.
    public let layers: [Int]
    /// In words.
    public let moment: String

    public var total: Int { weights + gradients + optimizer + activations }
  }

  /// Of a training step.
  public let training: Peak
  /// Of an evaluation on the way.
  public let evaluation: Peak?
  /// What the pool of buffers takes beyond the greater of the two peaks: it rounds sizes up, and keeps buffers for the
  /// next use, in all at most an eighth above the most that was live.
  public let reserve: Int

  /// The greater of the two peaks.
  public var peak: Peak {
    if let evaluation, evaluation.total > training.total { return evaluation }
    return training
  }
  public var total: Int { peak.total + reserve }

  public init(_ shape: TrainedShape, _ run: Run) {
    let rehearsal = RowRehearsal(shape)
    let mapped = shape.mappedBytes
    let tally = rehearsal.tally
    rehearsal.startOptimizer()
    for _ in 0..<min(2, run.rowsPerStep) {
      let documents = Self.documents(run.length, shape.spec)
      rehearsal.train(
        documents: documents, trained: run.length - documents.count, recompute: run.recompute)
    }
    rehearsal.clearGradients()
    training = Peak(tally.peak, mapped: mapped)
    tally.resetPeak()
    if let length = run.evaluationLength {
      let documents = Self.documents(length, shape.spec)
      rehearsal.evaluate(documents: documents, trained: length - documents.count)
      evaluation = Peak(tally.peak, mapped: mapped, of: "an evaluation, ")
    } else {
      evaluation = nil
    }
    let peak = max(training.total, evaluation?.total ?? 0) - mapped
    reserve = max(0, tally.pooledBytes - peak)
  }

  /// One document that fills the row, as far as the context reaches: no cut takes more.
  private static func documents(_ length: Int, _ spec: ModelSpec) -> [Int] {
    stride(from: 0, to: length, by: spec.maxPositionEmbeddings).map {
      min(spec.maxPositionEmbeddings, length - $0)
    }
  }
}

extension TrainingMemory.Peak {
  init(_ state: MemoryTally.State, mapped: Int, of job: String = "") {
    weights = state[.weights] + mapped
    gradients = state[.gradients]
    optimizer = state[.optimizer]
    activations = state[.activations]
    layers = state.layers
    moment =
      switch state.moment {
      case .start: "at the start"
      case .loss: job + "the loss of a row"
      case .update: job + "the update"
      case .forward(let layer): job + "layer \(layer + 1) forward"
      case .backward(let layer): job + "layer \(layer + 1) backward"
      }
  }
}
