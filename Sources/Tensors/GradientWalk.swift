import Processes
import Synchronization

extension Tensor {
  /// Adds the gradient of self to `grad` of every leaf it was computed from.
  ///
  /// Self must be a single number unless its own gradient is given. What the operations saved is released as
  /// soon as it has been used, so a second call on the same graph is an error. Records are visited from the
  /// last to the first, each once, after everything that used its result.
  public func backward(gradient: Tensor? = nil) throws {
    try propagate(gradient, ofOwnRecordsOnly: false)
  }

  /// `backward()`; with `ofOwnRecordsOnly` it is a mistake of ours to meet a record that another walk has met.
  func propagate(_ gradient: Tensor?, ofOwnRecordsOnly: Bool) throws {
    guard requiresGrad else {
      let reason = "nothing it was computed from requires a gradient"
      throw TensorError(op: "backward", argument: "self", reason: reason)
    }
    if let gradient {
      try gradient.require(shape: shape, as: "gradient", of: "backward")
    } else if count != 1 {
      let reason = "a single number expected, got shape \(shape)"
      throw TensorError(op: "backward", argument: "self", reason: reason)
    }
    var order = try gradientTarget.recordedAncestors(ofOwnRecordsOnly: ofOwnRecordsOnly)
    defer { for record in order { record.gradient = nil } }
    try withoutGradients {
      try gradientTarget.add(gradient?.detached() ?? Tensor.ones(shape))
      while let record = order.popLast() {
        try Interrupt.check()
        try record.propagate()
      }
    }
  }
}

extension GradientRecord {
  /// Runs the pullback, and hands its results to the inputs.
  fileprivate func propagate() throws {
    var gradients = try inputGradients()
    let inspection = inspection
    let inputs = surrender()
    for position in gradients.indices {
      guard let input = inputs[position], let gradient = gradients[position].take() else { continue }
      try input.add(gradient)
    }
    try inspection?(
      inputs.map { InputGradient(leaf: $0?.leaf, gradient: $0?.leaf?.grad ?? $0?.record?.gradient) })
  }

  /// One gradient per input, none when nothing that used the result passed one on.
  ///
  /// A function of its own, so that the result's gradient and what the pullback saved are let go before the
  /// inputs' gradients are summed.
  private func inputGradients() throws -> [Tensor?] {
    guard let pullback, let dout = gradient.take() else { return [] }
    let gradients = try pullback(dout)
    precondition(gradients.count == inputs.count, "a pullback returns one gradient per input")
    return gradients
  }
}

extension GradientTarget {
  /// The records to walk through, inputs before results, this one last.
  fileprivate func recordedAncestors(ofOwnRecordsOnly: Bool) throws -> [GradientRecord] {
    let walk = walkCounter.add(1, ordering: .relaxed).newValue
    var order: [GradientRecord] = []
    var stack: [(record: GradientRecord, next: Int)] = []
    func visit(_ target: GradientTarget) throws {
      guard let record = target.record, record.walk != walk else { return }
      guard !record.isSpent else {
        let reason = "an earlier backward() has already used what it was computed from"
        throw TensorError(op: "backward", argument: "self", reason: reason)
      }
      precondition(
        !ofOwnRecordsOnly || record.walk == 0, "a recomputed body reads results only through its argument")
      record.walk = walk
      stack.append((record, 0))
    }
    try visit(self)
    while let (record, next) = stack.last {
      guard next < record.inputs.count else {
        order.append(record)
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].next += 1
      if let input = record.inputs[next] { try visit(input) }
    }
    return order
  }
}

private let walkCounter = Atomic<Int>(0)
