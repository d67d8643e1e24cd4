import Tensors

extension Transformer {
  /// Makes the trained parameters ready to be changed; training calls it before it touches them.
  ///
  /// Those that lie in a mapped file or are not f32 are copied into memory of their own, and an adapter will hold
  /// them all.
  public func ownTrainableWeights() {
    for parameter in trainable {
      parameter.differsFromBase = true
      guard parameter.isReplacedByTraining else { continue }
      let tensor = parameter.tensor
      parameter.replace(
        with: tensor.dataType == .f32
          ? tensor.copy(purpose: .weights) : tensor.converted(to: .f32, purpose: .weights))
      tensor.forgetPages()
    }
  }
}

extension Parameter {
  /// Whether training works on a copy: the tensor lies in a mapped file, or is not f32.
  var isReplacedByTraining: Bool { tensor.isBorrowed || tensor.dataType != .f32 }
}
