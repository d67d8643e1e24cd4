import CKernels
import Glibc

extension Tensor {
  /// The sum of all elements, added in double precision; 0 for an empty tensor.
  public func sum() throws -> Tensor { try total(scale: 1) }

  /// The mean of all elements; an empty tensor has none.
  public func mean() throws -> Tensor {
    try requireElements(op: "mean")
    return try total(scale: 1 / Float(count))
  }

  /// The sum over one axis (negative ones count from the end), added in double precision.
  ///
  /// - Parameter keepsAxis: leaves the axis with length 1 instead of removing it.
  public func sum(axis: Int, keepsAxis: Bool = false) throws -> Tensor {
    try reduced(op: "sum", axis: axis, keepsAxis: keepsAxis) { _ in 1 }
  }

  /// The mean over one axis, which must not be empty.
  public func mean(axis: Int, keepsAxis: Bool = false) throws -> Tensor {
    try reduced(op: "mean", axis: axis, keepsAxis: keepsAxis) { length in
      guard length > 0 else { throw Self.emptyAxis("mean", axis, self.shape) }
      return 1 / Float(length)
    }
  }

  /// The largest element; NaN if there is one.
  ///
  /// The gradient goes to the first of equals.
  public func max() throws -> Tensor {
    try requireElements(op: "max")
    return try reshape([count]).max(axis: 0)
  }

  /// The largest element along one axis, which must not be empty.
  ///
  /// The gradient goes to the first of equals.
  public func max(axis: Int, keepsAxis: Bool = false) throws -> Tensor {
    let (axis, parts) = try split(at: axis, op: "max")
    guard parts.length > 0 else { throw Self.emptyAxis("max", axis, shape) }
    let out = try Tensor.allocate(reducedShape(axis, keepsAxis), op: "max", argument: "self")
    let positions = SharedArray<Int32>(repeating: 0, count: out.count)
    try Parallel.rows(parts.outer, cost: parts.length * parts.inner) { range in
      let start = range.lowerBound
      yy_axis_max(
        pointer + start * parts.length * parts.inner, range.count, parts.length, parts.inner,
        out.pointer + start * parts.inner, positions.pointer + start * parts.inner)
    }
    let shape = shape
    return out.recorded(from: self) { dout in
      let dx = Tensor.zeros(shape)
      for index in 0..<dout.count {
        let (o, i) = index.quotientAndRemainder(dividingBy: parts.inner)
        let position = Int(positions.pointer[index])
        dx.pointer[(o * parts.length + position) * parts.inner + i] = dout.pointer[index]
      }
      return [dx]
    }
  }

  // MARK: - Shared

  /// The tensor as (outer, length, inner) around one axis.
  struct AxisParts {
    let outer: Int, length: Int, inner: Int
  }

  /// Resolves an axis counted from either end.
  func split(at axis: Int, op: String) throws -> (axis: Int, parts: AxisParts) {
    let index = axis < 0 ? axis + shape.count : axis
    guard shape.indices.contains(index) else {
      throw TensorError(op: op, argument: "axis", reason: "an axis of shape \(shape) expected, got \(axis)")
    }
    let parts = AxisParts(
      outer: shape[..<index].reduce(1, *), length: shape[index], inner: shape[(index + 1)...].reduce(1, *))
    return (index, parts)
  }

  /// The sum over the middle of (outer, axis, inner), times `scale`.
  func axisSum(outer: Int, axis: Int, inner: Int, scale: Float, shape: [Int]) throws -> Tensor {
    let out = try Tensor.allocate(shape, op: "sum", argument: "self")
    try Parallel.rows(outer, cost: axis * inner) { range in
      yy_axis_sum(
        pointer + range.lowerBound * axis * inner, range.count, axis, inner, scale,
        out.pointer + range.lowerBound * inner)
    }
    return out
  }

  private func reduced(
    op: String, axis: Int, keepsAxis: Bool, scale: (Int) throws -> Float
  ) throws -> Tensor {
    let (axis, parts) = try split(at: axis, op: op)
    let scale = try scale(parts.length)
    let out = try axisSum(
      outer: parts.outer, axis: parts.length, inner: parts.inner, scale: scale,
      shape: reducedShape(axis, keepsAxis))
    let shape = shape
    return out.recorded(from: self) { dout in
      let stretched = dout.view(shape.enumerated().map { $0.offset == axis ? 1 : $0.element })
      return [try stretched * Tensor.full(scale, shape: shape)]
    }
  }

  private func total(scale: Float) throws -> Tensor {
    // Partial sums of fixed pieces, added in order.
    let size = 1 << 16
    let partial = SharedArray(repeating: 0.0, count: (count + size - 1) / size)
    try Parallel.pieces(partial.count) { piece in
      partial.pointer[piece] = yy_total(pointer + piece * size, min(size, count - piece * size))
    }
    let sum = partial.values.reduce(0, +)
    let shape = shape
    return Tensor.scalar(Float(sum * Double(scale))).recorded(from: self) { dout in
      [Tensor.full(dout.pointer[0] * scale, shape: shape)]
    }
  }

  private func reducedShape(_ axis: Int, _ keepsAxis: Bool) -> [Int] {
    var result = shape
    if keepsAxis { result[axis] = 1 } else { result.remove(at: axis) }
    return result
  }

  private func requireElements(op: String) throws {
    guard count > 0 else {
      throw TensorError(op: op, argument: "self", reason: "at least 1 element expected, got shape \(shape)")
    }
  }

  private static func emptyAxis(_ op: String, _ axis: Int, _ shape: [Int]) -> TensorError {
    TensorError(op: op, argument: "axis", reason: "axis \(axis) of shape \(shape) is empty")
  }
}

/// An array that several threads may write, each its own elements.
final class SharedArray<Element> {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int

  init(repeating value: Element, count: Int) {
    pointer = .allocate(capacity: max(count, 1))
    pointer.initialize(repeating: value, count: count)
    self.count = count
  }

  deinit {
    pointer.deinitialize(count: count)
    pointer.deallocate()
  }

  var values: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
