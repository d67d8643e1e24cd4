extension Tensor {
  /// body(self), of which nothing but self is kept: when the gradient comes back the body is run again, and its
  /// own gradients are taken then (Chen and others 2016, arXiv:1604.06174).
  ///
  /// Memory holds the intermediate results of one such body at a time, for the price of a second forward pass.
  /// Results and gradients have the same bits as those of `body(self)` itself, provided that the body computes
  /// the same bits each time (dropout by a key does), that it reads nothing that requires a gradient but its
  /// argument and `leaves`, and that self is a result which nothing but the body uses: its gradient comes as one
  /// sum.
  ///
  /// - Parameter leaves: all weights the body may add gradients to.
  public func recomputed(leaves: [Tensor], _ body: @escaping (Tensor) throws -> Tensor) throws -> Tensor {
    precondition(leaves.allSatisfy(\.isLeaf), "a recomputed body reads results only through its argument")
    guard needsGradient([self] + leaves) else { return try body(self) }
    let input = detached()
    let needsInput = requiresGrad
    let out = try withoutGradients { try body(input) }.detached()
    return out.recorded(from: [self] + leaves) { dout in
      // The argument of the second run is a leaf, so that the walk through the body ends there.
      let argument = input.detached()
      argument.requiresGrad = needsInput
      try GradientMode.$isRecording.withValue(true) {
        let result = try body(argument)
        if result.requiresGrad { try result.propagate(dout, ofOwnRecordsOnly: true) }
      }
      return [argument.surrenderGrad()] + leaves.map { _ in nil }
    }
  }

  /// The gradient of a leaf that only a part of a computation saw, as an intermediate result of the whole.
  private func surrenderGrad() -> Tensor? {
    defer { grad = nil }
    grad?.storage.repurpose(.activations)
    return grad
  }
}
