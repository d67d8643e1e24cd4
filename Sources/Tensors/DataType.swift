/// How the numbers of a tensor lie in memory.
public enum DataType: String, CaseIterable, Sendable {
  /// 32-bit floats: what is trained, summed and measured.
  case f32
  /// The upper half of a 32-bit float: weights and activations of products that sum in f32.
  case bf16
  /// Frozen weights of two axes in blocks of 32 signed bytes with a scale each: 1.06 bytes a weight.
  case int8
  /// Frozen weights of two axes in blocks of 64 four-bit codes, their scales quantised again (Dettmers and others
  /// 2023, arXiv:2305.14314): 0.52 bytes a weight.
  case nf4

  /// Whether every element has an address of its own, so that rows can be cut out and views made.
  public var isPlain: Bool { self == .f32 || self == .bf16 }

  /// The bytes of one element; only of the plain types.
  var stride: Int {
    precondition(isPlain, "the elements of \(rawValue) have no stride")
    return self == .f32 ? MemoryLayout<Float>.stride : MemoryLayout<UInt16>.stride
  }
}

extension DataType {
  /// The bytes of a tensor of this shape, `Int.max` where they cannot be counted.
  ///
  /// int8 and nf4 take two axes only.
  public func byteCount(_ shape: [Int]) -> Int {
    let count = Tensor.elementCount(shape) ?? .max
    if !isPlain {
      // Far beyond any memory, where the parts' sizes would overflow.
      return count > 1 << 48 ? .max : layout(of: shape)?.byteCount ?? .max
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: stride)
    return overflow ? .max : bytes
  }
}
