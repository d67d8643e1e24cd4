import CKernels

extension Tensor {
  /// Numbers of a normal distribution around 0; each element depends on the key and its own place only.
  public static func normal(
    _ shape: [Int], standardDeviation: Float, key: RandomKey, purpose: Purpose = .activations
  ) -> Tensor {
    filled(shape, purpose) { yy_normal($0, $1, $2, standardDeviation, key.key, key.high) }
  }

  /// Numbers spread evenly over -bound ..< bound; each element depends on the key and its own place only.
  public static func uniform(
    _ shape: [Int], bound: Float, key: RandomKey, purpose: Purpose = .activations
  ) -> Tensor {
    filled(shape, purpose) { yy_uniform($0, $1, $2, bound, key.key, key.high) }
  }

  private static func filled(
    _ shape: [Int], _ purpose: Purpose, _ fill: (UnsafeMutablePointer<Float>, Int, Int) -> Void
  ) -> Tensor {
    let out = Tensor.uninitialized(shape, purpose: purpose)
    let group = YY_DROPOUT_GROUP
    Parallel.allRows((out.count + group - 1) / group, cost: group * 16) { groups in
      let first = groups.lowerBound * group
      fill(out.pointer + first, first, min(groups.upperBound * group, out.count) - first)
    }
    return out
  }
}
