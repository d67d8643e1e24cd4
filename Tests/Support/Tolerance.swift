public import Tensors

extension Tensor {
  /// Whether shapes agree and max|self - other| <= relative * max|other|; NaN is close to nothing.
  public func isClose(to other: Tensor, relative: Float = 1e-5) -> Bool {
    shape == other.shape && values.isClose(to: other.values, relative: relative)
  }
}

extension [Float] {
  /// Whether counts agree and max|self - other| <= relative * max|other|; NaN is close to nothing.
  public func isClose(to other: [Float], relative: Float = 1e-5) -> Bool {
    guard count == other.count else { return false }
    let allowed = relative * (other.map(abs).max() ?? 0)
    return zip(self, other).allSatisfy { abs($0 - $1) <= allowed }
  }
}
