/// The 256 numbers that an 8-bit code of the dynamic data type stands for, ascending (Dettmers 2015,
/// arXiv:1511.04561).
///
/// A number is sign * fraction * 10^-e with e in 0 ... 6; the larger the exponent, the fewer the fractions: a
/// decade has 2^(6-e) of them, the middles of as many equal parts of [0.1, 1]. 0 and 1 complete the set.
/// These are the very numbers of bitsandbytes' `create_dynamic_map()`, in whose roundings they are computed.
enum DynamicMap {
  static let values: [Float] = {
    var values: [Float] = [0, 1]
    for decade in 0..<7 {
      let scale = Float([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1][decade])
      let ends = evenlySpaced(1 << decade + 1)
      for (low, high) in zip(ends, ends.dropFirst()) {
        let middle = scale * ((low + high) / 2)
        values += [middle, -middle]
      }
    }
    return values.sorted()
  }()

  /// `count` numbers from 0.1 to 1, as PyTorch's linspace makes them: from the nearer end, with one rounding.
  private static func evenlySpaced(_ count: Int) -> [Float] {
    let (start, end): (Float, Float) = (0.1, 1)
    let step = (end - start) / Float(count - 1)
    return (0..<count).map { position in
      position < count / 2
        ? start.addingProduct(step, Float(position))
        : end.addingProduct(-step, Float(count - position - 1))
    }
  }
}
