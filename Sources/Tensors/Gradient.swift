import Processes

/// How a tensor was computed: where its gradient is summed, and the pullback that turns it into those of its
/// inputs.
///
/// A record holds the records of its inputs, not the inputs: a result that no pullback reads goes back to the
/// pool as soon as the program lets go of it.
final class GradientRecord {
  /// The shape of the result, and so of its gradient.
  let shape: [Int]
  /// Where the inputs' gradients go, by position; nil for inputs that need none.
  private(set) var inputs: [GradientTarget?]
  private(set) var pullback: ((Tensor) throws -> [Tensor?])?
  /// What has been summed so far while `backward()` runs.
  var gradient: Tensor?
  /// The number of the last walk that met this record.
  var walk = 0
  /// Called once the pullback's gradients have been added to those of the inputs.
  var inspection: (([InputGradient]) throws -> Void)?
  /// The result itself, once it was cut off from what it was computed from.
  private(set) var leaf: Tensor?

  init(shape: [Int], inputs: [GradientTarget?], pullback: @escaping (Tensor) throws -> [Tensor?]) {
    self.shape = shape
    self.inputs = inputs
    self.pullback = pullback
  }

  deinit { release() }

  /// Whether a backward pass has used this record up.
  var isSpent: Bool { pullback == nil }

  /// Forgets everything, and returns the inputs for their last owner to release.
  func surrender() -> [GradientTarget?] {
    defer { inputs = [] }
    pullback = nil
    gradient = nil
    inspection = nil
    return inputs
  }

  /// Makes the result, which must have let go of this record, a leaf for those that were computed from it.
  func cut(from tensor: Tensor) {
    leaf = tensor
    release()
  }

  /// Releases the inputs' chains of records one by one; left to themselves their deinitialisers would nest as
  /// deep as the chain is long.
  private func release() {
    var pending = surrender()
    while let last = pending.popLast() {
      guard case .result(var record) = last else { continue }
      _ = consume last
      if isKnownUniquelyReferenced(&record) { pending.append(contentsOf: record.surrender()) }
    }
  }
}

/// Where the gradient of a tensor is summed, without holding the values of a result.
enum GradientTarget {
  case leaf(Tensor)
  case result(GradientRecord)

  /// The record to walk through; nil for leaves, results that were cut off among them.
  var record: GradientRecord? {
    guard case .result(let record) = self, record.leaf == nil else { return nil }
    return record
  }

  /// The leaf whose `grad` it is.
  var leaf: Tensor? {
    switch self {
    case .leaf(let tensor): tensor
    case .result(let record): record.leaf
    }
  }
}

/// The gradient of one input of an operation, as far as it has been summed.
public struct InputGradient {
  /// The input where it is a leaf, such as a weight; nil for a result of another operation.
  public let leaf: Tensor?
  /// Nil where the input needs none.
  public let gradient: Tensor?
}

enum GradientMode {
  @TaskLocal static var isRecording = true
}

/// Runs `body` without recording how results are computed: no gradients, and no memory kept for them.
public func withoutGradients<R>(_ body: () throws -> R) rethrows -> R {
  try GradientMode.$isRecording.withValue(false, operation: body)
}

/// Whether an operation on these inputs will be recorded; if not, it need not save anything.
public func needsGradient(_ inputs: Tensor?...) -> Bool { needsGradient(inputs) }

/// Whether an operation on these inputs will be recorded; if not, it need not save anything.
public func needsGradient(_ inputs: [Tensor?]) -> Bool {
  inputs.contains { $0?.requiresGrad == true } && GradientMode.isRecording
}

extension Tensor {
  /// Marks self as the result of an operation on `inputs` and returns it.
  ///
  /// The pullback gets the gradient of self, which it must not change, and returns one gradient per input:
  /// nil where there is none or where it was added into `accumulatedGradient()` itself. It may return the
  /// shape a broadcast input was stretched to; the sum over the stretched axes is taken here. It must not
  /// capture self (capture `detached()`), and runs without recording. Inputs it does not capture are not kept.
  /// Nothing happens when no input requires a gradient.
  @discardableResult
  public func recorded(
    from inputs: Tensor..., pullback: @escaping (Tensor) throws -> [Tensor?]
  ) -> Tensor {
    recorded(from: inputs, pullback: pullback)
  }

  /// The same for a number of inputs known only at run time.
  @discardableResult
  public func recorded(
    from inputs: [Tensor], pullback: @escaping (Tensor) throws -> [Tensor?]
  ) -> Tensor {
    guard needsGradient(inputs) else { return self }
    precondition(record == nil, "a tensor is the result of one operation")
    let targets = inputs.map { $0.requiresGrad ? $0.gradientTarget : nil }
    record = GradientRecord(shape: shape, inputs: targets, pullback: pullback)
    return self
  }

  /// Calls `inspect` once `backward()` has passed the gradient on through the operation that gave self, with one
  /// entry for each of its inputs; nothing happens when self was not recorded.
  ///
  /// For looking into a computation that went wrong; `inspect` must change nothing, and may throw to end the pass.
  public func inspectGradients(_ inspect: @escaping ([InputGradient]) throws -> Void) {
    record?.inspection = inspect
  }

  /// Where the gradient of self is summed; pullbacks that add into it themselves capture this.
  var gradientTarget: GradientTarget { record.map(GradientTarget.result) ?? .leaf(self) }

  /// Forgets the gradient; its memory goes back to the pool.
  public func zeroGrad() { grad = nil }
}
