import Tensors

extension Transformer {
  /// Makes the trained parameters ready to be changed; training calls it before it touches them.
  ///
  /// Those that lie in a mapped file or are not f32 are copied into memory of their own, and an adapter will hold
  /// them all.
  public func ownTrainableWeights() {
    for parameter in trainable {
      parameter.differsFromBase = true
      let tensor = parameter.tensor
      if tensor.dataType != .f32 {
        parameter.replace(with: tensor.converted(to: .f32, purpose: .weights))
      } else if tensor.isBorrowed {
        parameter.replace(with: tensor.copy(purpose: .weights))
      }
    }
  }
}
