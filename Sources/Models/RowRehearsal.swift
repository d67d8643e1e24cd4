import Tensors

/// Takes a row through the model and back on tensors that are only sizes, so that a tally shows what memory it takes.
///
/// `RowRehearsal+Ops.swift` says of every operation what it makes, what it keeps for its gradient and what its pullback
/// makes; this file and `RowRehearsal+Layers.swift` put them together as `Block` and `Transformer` do. A test compares
/// all of it with the ledger of real rows.
final class RowRehearsal {
  let spec: ModelSpec
  let precision: TrainingPrecision
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
    precision = shape.precision
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
      (0..<2).map { _ in
        SizedTensor(tally, count: parameter.count, width: 4, purpose: .optimizer, layer: nil)
      }
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

  func tensor(_ count: Int, width: Int = 4, purpose: Purpose = .activations) -> SizedTensor {
    SizedTensor(tally, count: count, width: width, purpose: purpose, layer: layer)
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
  let isTrained: Bool
  /// Bytes a number; nil for numbers in blocks, which no product takes as they are.
  let width: Int?
  var gradient: SizedTensor?
  private let values: SizedTensor?

  init(_ use: ParameterUse, _ tally: MemoryTally) {
    shape = use.place.shape
    isTrained = use.isTrained
    width = use.width
    values =
      use.isMapped
      ? nil
      : SizedTensor(
        tally, count: use.place.count, width: 4, bytes: use.byteCount, purpose: .weights, layer: nil)
  }

  var count: Int { shape.reduce(1, *) }
}
