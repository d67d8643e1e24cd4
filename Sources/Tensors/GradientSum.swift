extension GradientTarget {
  /// Adds a gradient to what there is already: the one place where broadcasting is undone.
  func add(_ gradient: consuming Tensor) throws {
    if let leaf { return try leaf.addToGrad(gradient) }
    guard let record else { return }
    if gradient.shape != record.shape { gradient = try gradient.summed(to: record.shape) }
    guard var sum = record.gradient.take() else {
      record.gradient = gradient
      return
    }
    // A gradient that someone else can see (an addition hands the same one to both sides) must not change.
    if Tensor.ownsMemory(&sum) {
      try sum.addInPlace(gradient)
    } else if Tensor.ownsMemory(&gradient) {
      try gradient.addInPlace(sum)
      sum = gradient
    } else {
      sum = sum.copy()
      try sum.addInPlace(gradient)
    }
    record.gradient = sum
  }

  /// The buffer in which the gradient is summed, made of zeros when there is none yet; see
  /// `Tensor.accumulatedGradient()`.
  func accumulatedGradient() -> Tensor {
    guard let record else {
      guard let leaf else { preconditionFailure("a target is a leaf or has a record") }
      if let grad = leaf.grad { return grad }
      let zeros = Tensor.zeros(leaf.shape, purpose: .gradients)
      leaf.grad = zeros
      return zeros
    }
    var sum = record.gradient.take() ?? Tensor.zeros(record.shape)
    if !Tensor.ownsMemory(&sum) { sum = sum.copy() }
    record.gradient = sum
    return sum
  }
}

extension Tensor {
  /// The buffer in which the gradient of self is summed, made of zeros when there is none yet.
  ///
  /// For pullbacks that can add into it directly, as a matrix product does with beta = 1: no temporary of the
  /// weight's size. To be used while `backward()` runs.
  public func accumulatedGradient() -> Tensor {
    precondition(requiresGrad, "a gradient is accumulated only where one is required")
    return gradientTarget.accumulatedGradient()
  }

  fileprivate func addToGrad(_ gradient: consuming Tensor) throws {
    if gradient.shape != shape { gradient = try gradient.summed(to: shape) }
    if let grad { return try grad.addInPlace(gradient) }
    if !Tensor.ownsMemory(&gradient) { gradient = gradient.copy() }
    gradient.storage.repurpose(.gradients)
    grad = gradient
  }

  /// Whether nobody else can see the memory of this tensor.
  fileprivate static func ownsMemory(_ tensor: inout Tensor) -> Bool {
    isKnownUniquelyReferenced(&tensor) && isKnownUniquelyReferenced(&tensor.storage)
      && !tensor.storage.isBorrowed && tensor.storage.byteCount == tensor.byteCount
  }
}
