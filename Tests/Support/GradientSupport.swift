public import Tensors

/// Thrown when gradients do not agree with finite differences; says where.
public struct GradientMismatch: Error, CustomStringConvertible {
  public let check: GradientCheck
  public var description: String { check.description }
}

extension Tensor {
  /// Numbers between -1 and 1 (or the bounds given) that depend on the shape and the seed only.
  public static func sample(_ shape: [Int], seed: UInt64 = 1, in range: ClosedRange<Float> = -1...1) -> Tensor
  {
    let tensor = Tensor.uninitialized(shape)
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    for index in 0..<tensor.count {
      // splitmix64 (Steele et al. 2014)
      state &+= 0x9e37_79b9_7f4a_7c15
      var bits = state
      bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
      bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
      let unit = Float(Double((bits ^ bits >> 31) >> 11) / Double(1 << 53))
      tensor.pointer[index] = range.lowerBound + (range.upperBound - range.lowerBound) * unit
    }
    return tensor
  }
}

/// Throws `GradientMismatch` unless the gradients of `f` agree with finite differences at sample inputs.
public func checkGradient(
  shapes: [[Int]], in range: ClosedRange<Float> = -1...1, relative: Float = 2e-3, epsilon: Float = 0.01,
  _ f: ([Tensor]) throws -> Tensor
) throws {
  let inputs = shapes.enumerated().map { Tensor.sample($1, seed: UInt64($0) + 1, in: range) }
  let check = try Tensors.checkGradient(inputs: inputs, epsilon: epsilon, f)
  guard check.relativeError <= relative else { throw GradientMismatch(check: check) }
}
