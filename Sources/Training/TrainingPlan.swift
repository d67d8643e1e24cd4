public import Models
import Tensors

/// What a run will take, known before any of it is allocated.
///
/// The memory is that of `TrainingMemory`, a rehearsal of a step on tensors that are only sizes, and what this process
/// holds already beside the model. The size of a step's batch does not matter: rows go through one by one.
public struct TrainingPlan: Sendable {
  /// What a plan is made for.
  public struct Setup: Sendable {
    public var shape: TrainedShape
    public var run: TrainingMemory.Run
    /// Whether rows of an evaluation can be made shorter by its window.
    var hasWindow = false

    public init(_ shape: TrainedShape, _ run: TrainingMemory.Run) {
      self.shape = shape
      self.run = run
    }
  }

  /// The checkpoints on the disk when they are most.
  public struct Disk: Equatable, Sendable {
    public let checkpoints: Int
    public let bytesEach: Int
    public let directory: String
    public var bytes: Int { checkpoints * bytesEach }
  }

  public let setup: Setup
  public let memory: TrainingMemory
  /// What this process holds beside the model: the program, its libraries and their working memory, data, other
  /// tensors.
  public let program: Int
  /// What this process may hold: as the caller said, else what it holds and what the machine has available.
  public let limit: Int?
  public let isLimitGiven: Bool
  public let disk: Disk?
  public let rowsPerStep: Int
  /// Updates of the whole run; nil where they were not counted.
  public internal(set) var steps: Int?
  /// How long two steps took; nil where they were not measured.
  public internal(set) var timing: TrainingTiming?
  /// What makes it fit, or comes nearest; empty where it fits.
  public let advice: [PlanAdvice]

  /// Working memory of a matrix product, which its library takes from the heap on each thread.
  private static let productWorkspace = 16 << 20

  public var peak: Int { memory.total + program }
  public var fits: Bool { limit.map { peak <= $0 } ?? true }
  /// For the steps alone, evaluations and checkpoints not counted.
  public var hours: Double? {
    guard let timing, let steps else { return nil }
    return Double(steps) * timing.secondsPerStep / 3600
  }

  /// - Parameters:
  ///   - resident: bytes of the model that this process holds already, and that are part of the plan.
  ///   - maxMemory: what the process may take; by default what it has and what the machine has available.
  init(_ setup: Setup, options: TrainingOptions, resident: ResidentModel, maxMemory: Int? = nil) throws {
    try options.validate()
    if let maxMemory, maxMemory < 1 {
      throw TrainingError(argument: "max_memory", reason: "a positive number expected, got \(maxMemory)")
    }
    self.setup = setup
    memory = TrainingMemory(setup.shape, setup.run)
    let process = ProcessMemory.current()
    program = (process.map { resident.others(in: $0) } ?? 0) + Parallel.threads * Self.productWorkspace
    isLimitGiven = maxMemory != nil
    limit = maxMemory ?? StoragePool.availableBytes().map { $0 + (process?.anonymous ?? 0) }
    rowsPerStep = options.rowsPerStep
    steps = options.steps
    disk = options.checkpoint.map { place in
      Disk(
        checkpoints: place.mostFolders(steps: options.steps, keepsBest: options.evaluation != nil),
        bytesEach: Checkpoint.byteCount(ofTrained: setup.shape.trainedCount), directory: place.directory)
    }
    guard let limit, memory.total + program > limit else {
      advice = []
      return
    }
    advice = PlanAdvice.all(for: setup, from: memory, upTo: limit - program)
  }
}

/// What of a model is in memory before training begins.
struct ResidentModel {
  /// Bytes of tensors of its own, and of mapped files.
  var owned = 0
  var mapped = 0

  init(_ model: LanguageModel?) {
    for parameter in model?.transformer.parameters ?? [] {
      if parameter.tensor.isBorrowed {
        mapped += parameter.tensor.byteCount
      } else {
        owned += parameter.tensor.byteCount
      }
    }
  }

  /// What a process holds beside the model; buffers that the pool keeps will be used.
  func others(in process: ProcessMemory) -> Int {
    // How much of the mapped weights is in memory is not known.
    max(0, process.anonymous - owned - StoragePool.shared.keptBytes)
      + max(process.mapped - mapped, min(process.mapped, Self.code))
  }

  /// Of the program and its libraries, at least.
  private static let code = 20 << 20
}
