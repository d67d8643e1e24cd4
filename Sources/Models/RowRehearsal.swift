import Tensors

/// Takes a row through the model and back on tensors that are only sizes, so that a tally shows what memory it takes.
///
/// `RowRehearsal+Ops.swift` says of every operation what it makes, what it keeps for its gradient and what its pullback
/// makes; this file and `RowRehearsal+Layers.swift` put them together as `Block` and `Transformer` do. A test compares
/// all of it with the ledger of real rows.
final class RowRehearsal {
  let spec: ModelSpec
  /// The type of what norms, heads and gates give; the residual stream and gradients are f32.
  let type: DataType
  private let multipliesBFloat16: Bool
  /// Whether the adapter leaves out some of its inputs.
  let hasDropout: Bool
  let tally: MemoryTally
  /// The tokens of the row at hand.
  var rows = 0
  /// The block at hand, to which what is made belongs.
  var layer: Int?
  private let parameters: [ParameterKey: SizedParameter]
  private var tape: [RehearsedStep] = []
  private var isRecording = true
  private var moments: [SizedTensor] = []

  struct ParameterKey: Hashable {
    let kind: ParameterKind
    let layer: Int?
  }

  /// Puts the parameters on the tally.
  init(_ shape: TrainedShape) {
    spec = shape.spec
    type = shape.types.compute
    multipliesBFloat16 = shape.multipliesBFloat16
    hasDropout = (shape.lora?.dropout ?? 0) > 0
    let tally = MemoryTally(layers: shape.spec.numHiddenLayers)
    self.tally = tally
    parameters = .init(
      uniqueKeysWithValues: shape.uses.map { use in
        (ParameterKey(kind: use.place.kind, layer: use.place.layer), SizedParameter(use, tally))
      })
  }

  func parameter(_ kind: ParameterKind, _ layer: Int? = nil) -> SizedParameter? {
    parameters[ParameterKey(kind: kind, layer: layer)]
  }

  // MARK: - A step

  /// The two moments of every trained parameter.
  func startOptimizer() {
    moments = parameters.values.filter(\.isTrained).flatMap { parameter in
      (0..<2).map { _ in SizedTensor(tally, parameter.shape, .f32, purpose: .optimizer) }
    }
  }

  /// Goes through the steps recorded so far, from the last to the first.
  func backward() {
    while let step = tape.popLast() {
      layer = step.layer
      if let layer { tally.moment = .backward(layer: layer) }
      step.propagate()
    }
  }

  func clearGradients() {
    for parameter in parameters.values { parameter.gradient = nil }
  }

  // MARK: - What operations are made of

  func tensor(_ count: Int, _ type: DataType = .f32, purpose: Purpose = .activations) -> SizedTensor {
    SizedTensor(tally, [count], type, purpose: purpose, layer: layer)
  }

  /// The type in which numbers are multiplied that are to be multiplied as `type`.
  func multiplied(as type: DataType) -> DataType { type == .bf16 && !multipliesBFloat16 ? .f32 : type }

  /// A copy in another type, where `type` is another one.
  func converted(_ x: SizedTensor?, to type: DataType) -> SizedTensor? {
    x.flatMap { $0.type == type ? nil : tensor($0.count, type) }
  }

  /// A copy of a weight as it is multiplied with numbers of a type; quantised ones stand for numbers of that type.
  func operand(_ weight: SizedParameter, besides type: DataType) -> SizedTensor? {
    let product = multiplied(as: type)
    guard weight.type != product else { return nil }
    let isTwofold = !weight.type.isPlain && type != product
    return withExtendedLifetime(isTwofold ? tensor(weight.count, type) : nil) {
      tensor(weight.count, product)
    }
  }

  func withoutGradients<R>(_ body: () -> R) -> R {
    let before = isRecording
    isRecording = false
    defer { isRecording = before }
    return body()
  }

  /// Runs what is recorded in `body` backward before anything recorded earlier.
  func withTapeOfItsOwn(_ body: () -> Void) {
    let outer = tape
    tape = []
    body()
    tape = outer
  }

  func needsGradient(_ inputs: [SizedTensor], _ trained: [SizedParameter?] = []) -> Bool {
    isRecording && (inputs.contains { $0.step != nil } || trained.contains { $0?.isTrained == true })
  }

  /// The counterpart of `Tensor.recorded`; the pullback captures sizes only, what it needs of tensors is in `kept`.
  func record(
    _ out: SizedTensor, from inputs: [SizedTensor], training: [SizedParameter?] = [],
    keeping kept: [SizedTensor?] = [], pullback: @escaping (SizedTensor) -> [SizedTensor?]
  ) {
    guard needsGradient(inputs, training) else { return }
    let step = RehearsedStep(
      layer: layer, inputs: inputs.map(\.step), keeping: kept.compactMap(\.self), pullback: pullback)
    out.step = step
    tape.append(step)
  }

  /// The buffer of a parameter's gradient, made at its first use; or `ready` becomes it.
  func accumulate(_ parameter: SizedParameter?, _ ready: SizedTensor? = nil) {
    guard let parameter, parameter.isTrained, parameter.gradient == nil else { return }
    parameter.gradient = ready ?? tensor(parameter.count, purpose: .gradients)
  }
}

/// A parameter of which only the size is known.
final class SizedParameter {
  let shape: [Int]
  let type: DataType
  let isTrained: Bool
  var gradient: SizedTensor?
  private let values: SizedTensor?

  init(_ use: ParameterUse, _ tally: MemoryTally) {
    (shape, type, isTrained) = (use.place.shape, use.type, use.isTrained)
    values = use.isMapped ? nil : SizedTensor(tally, shape, type, purpose: .weights)
  }

  var count: Int { shape.reduce(1, *) }
}
