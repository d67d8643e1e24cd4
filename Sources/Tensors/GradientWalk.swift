import Processes
import Synchronization

extension Tensor {
  /// Adds the gradient of self to `grad` of every leaf it was computed from.
  ///
  /// Self must be a single number unless its own gradient is given. What the operations saved is released as
  /// soon as it has been used, so a second call on the same graph is an error. Records are visited from the
  /// last to the first, each once, after everything that used its result.
  public func backward(gradient: Tensor? = nil) throws {
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
    var order = try recordedAncestors()
    defer { for tensor in order { tensor.record?.gradient = nil } }
    try withoutGradients {
      var seed = gradient?.detached() ?? Tensor.ones(shape)
      try addGradient(&seed)
      while let tensor = order.popLast() {
        guard let record = tensor.record else { continue }
        try Interrupt.check()
        try Tensor.propagate(record)
      }
    }
  }

  /// Runs one pullback, and hands its results to the inputs.
  private static func propagate(_ record: GradientRecord) throws {
    var gradients = try gradients(of: record)
    let inputs = record.surrender()
    for position in gradients.indices {
      guard let input = inputs[position], var gradient = gradients[position].take() else { continue }
      try input.addGradient(&gradient)
    }
  }

  /// One gradient per input, none when nothing that used the result passed one on.
  ///
  /// A function of its own, so that the result's gradient and what the pullback saved are let go before the
  /// inputs' gradients are summed.
  private static func gradients(of record: GradientRecord) throws -> [Tensor?] {
    guard let pullback = record.pullback, let dout = record.gradient.take() else { return [] }
    let gradients = try pullback(dout)
    precondition(gradients.count == record.inputs.count, "a pullback returns one gradient per input")
    return gradients
  }

  /// The recorded tensors that self was computed from, inputs before results, self last.
  private func recordedAncestors() throws -> [Tensor] {
    let walk = walkCounter.add(1, ordering: .relaxed).newValue
    var order: [Tensor] = []
    var stack: [(tensor: Tensor, next: Int)] = []
    func visit(_ tensor: Tensor) throws {
      guard let record = tensor.record, record.walk != walk else { return }
      guard !record.isSpent else {
        let reason = "an earlier backward() has already used what it was computed from"
        throw TensorError(op: "backward", argument: "self", reason: reason)
      }
      record.walk = walk
      stack.append((tensor, 0))
    }
    try visit(self)
    while let (tensor, next) = stack.last, let record = tensor.record {
      guard next < record.inputs.count else {
        order.append(tensor)
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].next += 1
      if let input = record.inputs[next] { try visit(input) }
    }
    return order
  }

  // MARK: - Summing

  /// Adds a gradient to what self has already got: the one place where broadcasting is undone.
  private func addGradient(_ gradient: inout Tensor) throws {
    if gradient.shape != shape { gradient = try gradient.summed(to: shape) }
    if record == nil {
      guard let grad else {
        if !Tensor.ownsMemory(&gradient) { gradient = gradient.copy() }
        gradient.storage.repurpose(.gradients)
        self.grad = gradient
        return
      }
      try grad.addInPlace(gradient)
    } else {
      guard var sum = record?.gradient.take() else {
        record?.gradient = gradient
        return
      }
      // A gradient that someone else can see (an addition hands the same one to both sides) must not change.
      if Tensor.ownsMemory(&sum) {
        try sum.addInPlace(gradient)
      } else {
        sum = sum.copy()
        try sum.addInPlace(gradient)
      }
      record?.gradient = sum
    }
  }

  /// The buffer in which the gradient of self is summed, made of zeros when there is none yet.
  ///
  /// For pullbacks that can add into it directly, as a matrix product does with beta = 1: no temporary of the
  /// weight's size. To be used while `backward()` runs.
  public func accumulatedGradient() -> Tensor {
    precondition(requiresGrad, "a gradient is accumulated only where one is required")
    guard let record else {
      if let grad { return grad }
      let zeros = Tensor.zeros(shape, purpose: .gradients)
      grad = zeros
      return zeros
    }
    var sum = record.gradient.take() ?? Tensor.zeros(shape)
    if !Tensor.ownsMemory(&sum) { sum = sum.copy() }
    record.gradient = sum
    return sum
  }

  /// Whether nobody else can see the memory of this tensor.
  private static func ownsMemory(_ tensor: inout Tensor) -> Bool {
    isKnownUniquelyReferenced(&tensor) && isKnownUniquelyReferenced(&tensor.storage)
      && !tensor.storage.isBorrowed && tensor.storage.count == tensor.count
  }
}

private let walkCounter = Atomic<Int>(0)
