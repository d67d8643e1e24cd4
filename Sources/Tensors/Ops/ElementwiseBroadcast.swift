/// How two shapes are stretched to one: rows of a common length, each with a start in both arguments.
///
/// Axes are matched from the last; lengths must be equal, or one of them 1 (NumPy's rule). Neighbouring axes
/// that both arguments walk evenly are merged, so equal shapes are a single long row.
struct BroadcastPlan {
  let shape: [Int]
  /// The elements of a row, and how far each argument moves per element: 1, or 0 when it is stretched.
  private(set) var inner = 1
  private(set) var stepA = 1
  private(set) var stepB = 1
  /// The axes above the rows, from the first to the last.
  private(set) var outer: [(length: Int, strideA: Int, strideB: Int)] = []

  /// Nil when the shapes do not fit together.
  init?(_ a: [Int], _ b: [Int]) {
    guard let shape = Self.commonShape(a, b) else { return nil }
    self.shape = shape
    let strideA = Self.strides(of: a, stretchedTo: shape)
    let strideB = Self.strides(of: b, stretchedTo: shape)
    var merged: [(length: Int, strideA: Int, strideB: Int)] = []  // from the last axis to the first
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      if let last = merged.last, strideA[axis] == last.strideA * last.length,
        strideB[axis] == last.strideB * last.length
      {
        merged[merged.count - 1].length *= shape[axis]
      } else {
        merged.append((shape[axis], strideA[axis], strideB[axis]))
      }
    }
    guard let row = merged.first else { return }
    (inner, stepA, stepB) = row
    outer = merged.dropFirst().reversed()
  }

  var rows: Int { outer.reduce(1) { $0 * $1.length } }

  /// Where a row begins in each argument.
  func starts(ofRow row: Int) -> (a: Int, b: Int) {
    var rest = row
    var (a, b) = (0, 0)
    for axis in outer.reversed() {
      let index = rest % axis.length
      rest /= axis.length
      a += index * axis.strideA
      b += index * axis.strideB
    }
    return (a, b)
  }

  static func commonShape(_ a: [Int], _ b: [Int]) -> [Int]? {
    let count = max(a.count, b.count)
    var shape = [Int](repeating: 1, count: count)
    for axis in 1..<(count + 1) {
      let lengthA = axis <= a.count ? a[a.count - axis] : 1
      let lengthB = axis <= b.count ? b[b.count - axis] : 1
      guard lengthA == lengthB || lengthA == 1 || lengthB == 1 else { return nil }
      shape[count - axis] = lengthA == 1 ? lengthB : lengthA
    }
    return shape
  }

  /// The stride of each axis of the common shape, 0 where the tensor is stretched.
  private static func strides(of shape: [Int], stretchedTo common: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: common.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      if shape[axis] != 1 { strides[common.count - shape.count + axis] = stride }
      stride *= shape[axis]
    }
    return strides
  }
}

extension Tensor {
  /// The sum over the axes that broadcasting added or stretched: the shape becomes `target`.
  func summed(to target: [Int]) throws -> Tensor {
    precondition(
      BroadcastPlan.commonShape(shape, target) == shape, "a gradient has the shape its input was stretched to"
    )
    let added = shape.count - target.count
    let padded = [Int](repeating: 1, count: added) + target
    var result = self
    var axis = shape.count
    while axis > 0 {
      let end = axis
      while axis > 0, padded[axis - 1] == 1, shape[axis - 1] != 1 { axis -= 1 }
      if axis == end {
        axis -= 1
        continue
      }
      let reduced = shape[axis..<end].reduce(1, *)
      let outer = shape[..<axis].reduce(1, *)
      let inner = padded[end...].reduce(1, *)
      let kept = Array(shape[..<axis]) + [Int](repeating: 1, count: end - axis) + Array(padded[end...])
      result = try result.axisSum(outer: outer, axis: reduced, inner: inner, scale: 1, shape: kept)
    }
    return result.view(target)
  }
}
