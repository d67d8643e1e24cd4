import CKernels
import Glibc

extension Tensor {
  /// The same elements under another shape, sharing memory.
  ///
  /// One length may be -1: it is worked out.
  public func reshape(_ shape: [Int]) throws -> Tensor {
    let resolved = try resolve(shape)
    let old = self.shape
    return view(resolved).recorded(from: self) { dout in [dout.view(old)] }
  }

  private func resolve(_ wanted: [Int]) throws -> [Int] {
    let unknown = wanted.indices.filter { wanted[$0] == -1 }
    let known = Tensor.elementCount(wanted.filter { $0 != -1 })
    if unknown.isEmpty, known == count { return wanted }
    if unknown.count == 1, let known, known > 0, count % known == 0 {
      var shape = wanted
      shape[unknown[0]] = count / known
      return shape
    }
    let reason = "a shape of \(count) elements expected, got \(wanted)"
    throw TensorError(op: "reshape", argument: "shape", reason: reason)
  }

  /// A run of leading rows (indices of the first axis), sharing memory.
  public func rows(_ range: Range<Int>) throws -> Tensor {
    guard let length = shape.first else {
      throw TensorError(op: "rows", argument: "self", reason: "at least 1 axis expected, got shape []")
    }
    guard range.lowerBound >= 0, range.upperBound <= length else {
      let reason = "rows within 0..<\(length) expected, got \(range)"
      throw TensorError(op: "rows", argument: "range", reason: reason)
    }
    let width = shape.dropFirst().reduce(1, *)
    let out = view([range.count] + shape.dropFirst(), offset: range.lowerBound * width)
    guard needsGradient(self) else { return out }
    let target = gradientTarget
    return out.recorded(from: self) { dout in
      let dx = target.accumulatedGradient()
      yy_add_into(dout.pointer, dx.pointer + range.lowerBound * width, dout.count)
      return [nil]
    }
  }

  /// The last two axes exchanged; a copy.
  public func transposed() throws -> Tensor {
    guard shape.count >= 2 else {
      let reason = "at least 2 axes expected, got shape \(shape)"
      throw TensorError(op: "transpose", argument: "self", reason: reason)
    }
    let rows = shape[shape.count - 2]
    let columns = shape[shape.count - 1]
    let out = try Tensor.allocate(shape.dropLast(2) + [columns, rows], op: "transpose", argument: "self")
    for start in stride(from: 0, to: count, by: Swift.max(rows * columns, 1)) {
      try Parallel.rows(columns, cost: rows) { range in
        yy_transpose(
          pointer + start, rows, columns, range.lowerBound, range.upperBound, out.pointer + start)
      }
    }
    return out.recorded(from: self) { dout in [try dout.transposed()] }
  }

  /// Tensors one after the other along an axis (negative ones count from the end); the other axes must agree.
  public static func concatenated(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor {
    let op = "concatenate"
    guard let first = tensors.first else {
      throw TensorError(op: op, argument: "tensors", reason: "at least 1 tensor expected, got none")
    }
    let (axis, parts) = try first.split(at: axis, op: op)
    for (position, tensor) in tensors.enumerated() {
      guard tensor.shape.count == first.shape.count,
        tensor.shape.indices.allSatisfy({ $0 == axis || tensor.shape[$0] == first.shape[$0] })
      else {
        let reason =
          "shapes equal but for axis \(axis) expected, got \(first.shape) first and \(tensor.shape)"
          + " at position \(position)"
        throw TensorError(op: op, argument: "tensors", reason: reason)
      }
    }
    var shape = first.shape
    shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
    let out = try allocate(shape, op: op, argument: "tensors")
    let width = shape[axis] * parts.inner
    let blocks = tensors.map { $0.shape[axis] * parts.inner }
    var start = 0
    for (tensor, block) in zip(tensors, blocks) {
      for row in 0..<parts.outer {
        memcpy(out.pointer + row * width + start, tensor.pointer + row * block, block * 4)
      }
      start += block
    }
    let shapes = tensors.map { $0.requiresGrad ? $0.shape : nil }
    return out.recorded(from: tensors) { dout in
      var start = 0
      return zip(shapes, blocks).map { shape, block in
        defer { start += block }
        guard let shape else { return nil }
        let dx = Tensor.uninitialized(shape)
        for row in 0..<parts.outer {
          memcpy(dx.pointer + row * block, dout.pointer + row * width + start, block * 4)
        }
        return dx
      }
    }
  }

  /// The rows with these numbers, in their order; numbers may repeat, and their gradients then add up in that
  /// order.
  public func gather(_ ids: [Int32]) throws -> Tensor {
    guard let length = shape.first else {
      throw TensorError(op: "gather", argument: "self", reason: "at least 1 axis expected, got shape []")
    }
    for id in ids where id < 0 || Int(id) >= length {
      let reason = "row numbers from 0 to \(length - 1) expected, got \(id)"
      throw TensorError(op: "gather", argument: "ids", reason: reason)
    }
    let width = shape.dropFirst().reduce(1, *)
    let out = try Tensor.allocate([ids.count] + shape.dropFirst(), op: "gather", argument: "ids")
    for (row, id) in ids.enumerated() {
      memcpy(out.pointer + row * width, pointer + Int(id) * width, width * 4)
    }
    guard needsGradient(self) else { return out }
    let target = gradientTarget
    return out.recorded(from: self) { dout in
      let dx = target.accumulatedGradient()
      for (row, id) in ids.enumerated() {
        yy_add_into(dout.pointer + row * width, dx.pointer + Int(id) * width, width)
      }
      return [nil]
    }
  }
}
