public import Corpus
import Evaluation
public import Models

extension TrainingPlan {
  /// The plan of a run, whose options are those of `TrainingJob`.
  ///
  /// - Parameters:
  ///   - maxMemory: bytes that the process may take; nil: what it has and what the machine has available.
  ///   - measure: whether two steps are timed, on copies of what is trained and from the start of the data. The
  ///     model and the place in the data stay as they are. Not done where the plan does not fit.
  /// - Throws: `TrainingError` for options out of range.
  public static func make(
    _ model: LanguageModel, data: any RowSource, options: TrainingOptions, maxMemory: Int? = nil,
    measure: Bool = false
  ) throws -> TrainingPlan {
    let shape = TrainedShape(model)
    try requireTrained(shape)
    if options.steps == nil, data.isEndless { _ = try WindowReader.count(data) }
    var plan = try TrainingPlan(
      try setup(shape, data.length, options), options: options, resident: ResidentModel(model),
      maxMemory: maxMemory)
    guard measure, plan.fits else { return plan }
    plan.timing = try TrainingTiming(of: model, data: data, options: options)
    if plan.steps == nil {
      plan.steps = (try WindowReader.count(data) + options.rowsPerStep - 1) / options.rowsPerStep
    }
    return plan
  }

  /// The plan for rows of at most `length` tokens that need not exist.
  public static func make(
    _ model: LanguageModel, length: Int, options: TrainingOptions, maxMemory: Int? = nil
  ) throws -> TrainingPlan {
    let shape = TrainedShape(model)
    try requireTrained(shape)
    return try TrainingPlan(
      try setup(shape, length, options), options: options, resident: ResidentModel(model),
      maxMemory: maxMemory)
  }

  /// The plan for a model that need not exist, and rows of at most `length` tokens.
  public static func make(
    _ report: ShapeReport, length: Int, options: TrainingOptions, maxMemory: Int? = nil
  ) throws -> TrainingPlan {
    let shape = TrainedShape(report)
    try requireTrained(shape)
    return try TrainingPlan(
      try setup(shape, length, options), options: options, resident: ResidentModel(nil), maxMemory: maxMemory)
  }

  private static func requireTrained(_ shape: TrainedShape) throws {
    guard shape.trainedCount > 0 else { throw TrainingError.nothingTrained }
  }

  private static func setup(_ shape: TrainedShape, _ length: Int, _ options: TrainingOptions) throws -> Setup
  {
    guard length >= 2 else {
      throw TrainingError(argument: "length", reason: "at least 2 tokens expected, got \(length)")
    }
    let context = shape.spec.maxPositionEmbeddings
    let (evaluation, hasWindow) = try evaluationLength(options.evaluation, context: context)
    var setup = Setup(
      shape,
      TrainingMemory.Run(
        length: length, evaluationLength: evaluation, rowsPerStep: options.rowsPerStep,
        recompute: options.recompute))
    setup.hasWindow = hasWindow
    return setup
  }

  /// The most tokens of an evaluation's row, and whether its window decides it.
  private static func evaluationLength(
    _ evaluation: EvaluationOptions?, context: Int
  ) throws -> (length: Int?, hasWindow: Bool) {
    guard let evaluation else { return (nil, false) }
    let window = try evaluation.options.window(context: context)
    let lengths = evaluation.sets.map { set in
      switch set.data {
      case .rows(let source): source.length
      case .text(let text): min(window, text.utf8.count + 1)
      case .documents: window
      }
    }
    let longest = lengths.max() ?? 0
    return (longest, longest == window && longest > 0)
  }
}

extension TrainingError {
  static let nothingTrained = TrainingError(
    argument: "model", reason: "no parameter is trained: call train_only or add_lora first")
}
