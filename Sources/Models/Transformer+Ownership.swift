import Tensors

extension Transformer {
  /// Copies the trained parameters that lie in a mapped file into memory of their own, where they can be changed.
  public func ownTrainableWeights() {
    for parameter in trainable where parameter.tensor.isBorrowed {
      parameter.replace(with: parameter.tensor.copy(purpose: .weights))
    }
  }
}
