import Processes

/// How a tensor was computed: its inputs and the pullback that turns its gradient into theirs.
final class GradientRecord {
  /// The inputs by position; nil for those that need no gradient, which the record does not keep alive.
  var inputs: [Tensor?]
  var pullback: ((Tensor) throws -> [Tensor?])?
  /// What has been summed so far while `backward()` runs.
  var gradient: Tensor?
  /// The number of the last walk that met this record.
  var walk = 0

  init(inputs: [Tensor?], pullback: @escaping (Tensor) throws -> [Tensor?]) {
    self.inputs = inputs
    self.pullback = pullback
  }

  /// Whether a backward pass has used this record up.
  var isSpent: Bool { pullback == nil }

  /// Forgets everything, and returns the inputs for their last owner to release.
  func surrender() -> [Tensor?] {
    defer { inputs = [] }
    pullback = nil
    gradient = nil
    return inputs
  }

  /// Releases a chain of records one by one; left to themselves their deinitialisers would nest as deep as it
  /// is long.
  static func unwind(_ record: GradientRecord) {
    var pending = record.surrender()
    while let last = pending.popLast() {
      guard var tensor = last else { continue }
      _ = consume last
      guard isKnownUniquelyReferenced(&tensor), let record = tensor.record else { continue }
      tensor.record = nil
      pending.append(contentsOf: record.surrender())
    }
  }
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
  /// capture self (capture `detached()`), and runs without recording. Nothing happens when no input requires
  /// a gradient.
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
    record = GradientRecord(inputs: inputs.map { $0.requiresGrad ? $0 : nil }, pullback: pullback)
    return self
  }

  /// Forgets the gradient; its memory goes back to the pool.
  public func zeroGrad() { grad = nil }
}
