import Tensors

extension Transformer {
  /// Runs `body` on copies of the trained parameters: whatever it does to them, the model is afterwards what it was.
  ///
  /// The parameters' own tensors, their gradients among them, are not touched.
  public func withCopiesOfTrained<R>(_ body: () throws -> R) rethrows -> R {
    let kept = trainable.map { (parameter: $0, tensor: $0.tensor, differs: $0.differsFromBase) }
    for (parameter, tensor, _) in kept {
      let isFloats = tensor.dataType == .f32
      parameter.replace(
        with: isFloats ? tensor.copy(purpose: .weights) : tensor.converted(to: .f32, purpose: .weights))
      tensor.forgetPages()
    }
    defer {
      for (parameter, tensor, differs) in kept {
        parameter.replace(with: tensor)
        parameter.differsFromBase = differs
      }
    }
    return try body()
  }
}
