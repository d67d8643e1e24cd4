import Tensors

/// A model as far as the memory of its training is concerned: every parameter with its size and whether it is trained.
public struct TrainedShape: Equatable, Sendable {
  public let spec: ModelSpec
  public internal(set) var types: WeightTypes
  public internal(set) var lora: LoRAOptions?
  /// Whether the CPU multiplies bf16 numbers; where it does not, they are made f32 for every product.
  let multipliesBFloat16: Bool
  var uses: [ParameterUse]

  /// Of a model that is there, or of one that is described.
  public init(_ report: ShapeReport) {
    spec = report.spec
    types = report.types
    lora = report.lora
    multipliesBFloat16 = (try? MatrixProducts.current.multipliesBFloat16) ?? false
    uses = report.uses.map(\.onceTrained)
  }

  public init(_ model: LanguageModel) { self.init(ShapeReport(model)) }

  public var trainedCount: Int { uses.reduce(0) { $0 + ($1.isTrained ? $1.place.count : 0) } }
  public var weightBytes: Int { uses.reduce(0) { $0 + $1.byteCount } }
  /// Bytes of weights that are read from mapped files.
  public var mappedBytes: Int { uses.reduce(0) { $0 + ($1.isMapped ? $1.byteCount : 0) } }
}

/// A parameter, and what training does with it.
struct ParameterUse: Equatable, Sendable {
  let place: ParameterPlace
  var isTrained: Bool
  var type: DataType
  /// Whether it is read from a mapped file.
  var isMapped = false

  var byteCount: Int { type.byteCount(place.shape) }

  /// What is trained has memory of its own, and is f32.
  var onceTrained: ParameterUse {
    guard isTrained else { return self }
    return ParameterUse(place: place, isTrained: true, type: .f32)
  }
}
