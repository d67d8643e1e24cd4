import Tensors

/// Counts the bytes of tensors that are only sizes, and remembers what there was when they were most.
final class MemoryTally {
  /// What is live at one moment.
  struct State: Equatable {
    var bytes = [Int](repeating: 0, count: Purpose.allCases.count)
    /// Activations by the block that made them.
    var layers: [Int]
    /// What was being computed.
    var moment = Moment.start

    var total: Int { bytes.reduce(0, +) }
    subscript(purpose: Purpose) -> Int { bytes[purpose.rawValue] }
  }

  /// Where in a step a moment lies; layers count from 0.
  enum Moment: Equatable, Sendable {
    case start, loss, update
    case forward(layer: Int)
    case backward(layer: Int)
  }

  private(set) var now: State
  /// The state of the greatest total since the last `resetPeak`.
  private(set) var peak: State
  var moment: Moment {
    get { now.moment }
    set { now.moment = newValue }
  }

  private var live: [Int: Int] = [:]  // buffers by size class of the pool
  private var most: [Int: Int] = [:]
  private var total = 0
  private var roundedTotal = 0
  private var roundedPeak = 0

  init(layers: Int) {
    now = State(layers: [Int](repeating: 0, count: layers))
    peak = now
  }

  func resetPeak() { peak = now }

  /// What the pool takes from the system: sizes are rounded up, and buffers of sizes that are not needed at the same time
  /// lie beside each other, but no more than an eighth above the most that was live.
  var pooledBytes: Int {
    min(most.reduce(0) { $0 + $1.key * $1.value }, roundedPeak + roundedPeak / 8)
  }

  func add(_ bytes: Int, _ purpose: Purpose, layer: Int?) {
    change(by: bytes, purpose, layer)
    let size = StoragePool.sizeClass(bytes)
    live[size, default: 0] += 1
    most[size] = max(most[size, default: 0], live[size, default: 0])
    roundedTotal += size
    roundedPeak = max(roundedPeak, roundedTotal)
    if total > peak.total { peak = now }
  }

  func remove(_ bytes: Int, _ purpose: Purpose, layer: Int?) {
    change(by: -bytes, purpose, layer)
    let size = StoragePool.sizeClass(bytes)
    live[size, default: 0] -= 1
    roundedTotal -= size
  }

  private func change(by bytes: Int, _ purpose: Purpose, _ layer: Int?) {
    total += bytes
    now.bytes[purpose.rawValue] += bytes
    if let layer, purpose == .activations { now.layers[layer] += bytes }
  }
}

/// A tensor of which only the size is known: it is counted for as long as somebody holds it.
final class SizedTensor {
  let count: Int
  let type: DataType
  /// How it was computed; nil where no gradient will be asked for.
  var step: RehearsedStep?

  private let tally: MemoryTally
  private let bytes: Int
  private let purpose: Purpose
  private let layer: Int?

  init(_ tally: MemoryTally, _ shape: [Int], _ type: DataType, purpose: Purpose, layer: Int? = nil) {
    (self.tally, self.type, self.purpose, self.layer) = (tally, type, purpose, layer)
    count = shape.reduce(1, *)
    bytes = type.byteCount(shape)
    tally.add(bytes, purpose, layer: layer)
  }

  deinit { tally.remove(bytes, purpose, layer: layer) }
}

/// The counterpart of a gradient record: what is kept until the backward pass comes by.
final class RehearsedStep {
  let layer: Int?
  let inputs: [RehearsedStep?]
  var kept: [SizedTensor]
  var gradient: SizedTensor?
  private var pullback: ((SizedTensor) -> [SizedTensor?])?

  init(
    layer: Int?, inputs: [RehearsedStep?], keeping kept: [SizedTensor],
    pullback: @escaping (SizedTensor) -> [SizedTensor?]
  ) {
    (self.layer, self.inputs, self.kept, self.pullback) = (layer, inputs, kept, pullback)
  }

  /// As `GradientRecord.propagate`: what was kept goes before the inputs' gradients are summed.
  func propagate() {
    let gradients = inputGradients()
    kept = []
    pullback = nil
    for (input, gradient) in zip(inputs, gradients) {
      // A second gradient is added to the first in place.
      if let input, input.gradient == nil { input.gradient = gradient }
    }
  }

  private func inputGradients() -> [SizedTensor?] {
    guard let pullback, let dout = gradient.take() else { return [] }
    return pullback(dout)
  }
}
