/// A model as far as the memory of its training is concerned: every parameter with its size and whether it is trained.
public struct TrainedShape: Equatable, Sendable {
  public let spec: ModelSpec
  public let lora: LoRAOptions?
  public internal(set) var precision: TrainingPrecision
  var uses: [ParameterUse]

  public init(_ model: LanguageModel) {
    self.init(ShapeReport(model))
  }

  public init(_ report: ShapeReport) {
    spec = report.spec
    lora = report.lora
    precision = TrainingPrecision(hasDropout: (report.lora?.dropout ?? 0) > 0)
    uses = report.uses.map { use in
      var use = use
      use.isMapped = use.isMapped && !use.isTrained
      return use
    }
  }

  public var trainedCount: Int { uses.reduce(0) { $0 + ($1.isTrained ? $1.place.count : 0) } }
  public var weightBytes: Int { uses.reduce(0) { $0 + $1.byteCount } }
  /// Bytes of weights that lie in mapped files.
  public var mappedBytes: Int { uses.reduce(0) { $0 + ($1.isMapped ? $1.byteCount : 0) } }
}

/// A parameter, and what training does with it.
struct ParameterUse: Equatable, Sendable {
  let place: ParameterPlace
  var isTrained: Bool
  /// Whether it is read from a mapped file. Training copies what it changes.
  var isMapped = false

  /// Bytes a number; nil for numbers in blocks, which no product takes as they are.
  var width: Int? { 4 }
  var byteCount: Int { 4 * place.count }
}

/// How the numbers between the layers are kept and multiplied.
public struct TrainingPrecision: Equatable, Sendable {
  /// Bytes of a number that a norm, a head or a gate gives; the residual stream and gradients have 4.
  var activations = 4
  /// Whether the CPU multiplies numbers of two bytes; where it does not, they are made four first.
  var multipliesHalves = true
  /// Whether an adapter leaves out some of its inputs.
  var hasDropout = false

  /// The bytes of a number in a product of numbers that have so many.
  func product(of width: Int) -> Int { multipliesHalves ? width : 4 }
}
