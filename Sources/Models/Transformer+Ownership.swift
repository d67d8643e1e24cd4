import Tensors

extension Transformer {
  /// Makes the trained parameters ready to be changed; training calls it before it touches them.
  ///
  /// Those that lie in a mapped file are copied into memory of their own, and an adapter will hold them all.
  public func ownTrainableWeights() {
    for parameter in trainable {
      parameter.differsFromBase = true
      if parameter.tensor.isBorrowed {
        parameter.replace(with: parameter.tensor.copy(purpose: .weights))
      }
    }
  }
}
