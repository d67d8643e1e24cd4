extension Tensor {
  /// The matrix product: (m, k) by (k, n), or the same for each leading index of (b, m, k) by (b, k, n).
  ///
  /// One matrix on the right may serve all of (b, m, k).
  public func matmul(_ other: Tensor) throws -> Tensor {
    guard shape.count == 2 || shape.count == 3 else {
      let reason = "2 or 3 axes expected, got shape \(shape)"
      throw TensorError(op: "matmul", argument: "self", reason: reason)
    }
    // A batch against one matrix is one taller matrix.
    if shape.count == 3, other.shape.count == 2, other.shape[0] == shape[2] {
      let flat = try reshape([shape[0] * shape[1], shape[2]]).matmul(other)
      return try flat.reshape([shape[0], shape[1], other.shape[1]])
    }
    let (m, k) = (shape[shape.count - 2], shape[shape.count - 1])
    guard other.shape.count == shape.count, other.shape[shape.count - 2] == k,
      shape.count == 2 || other.shape[0] == shape[0]
    else {
      let wanted = shape.count == 2 ? "[\(k), n]" : "[\(k), n] or [\(shape[0]), \(k), n]"
      let reason = "shape \(wanted) expected, got \(other.shape)"
      throw TensorError(op: "matmul", argument: "other", reason: reason)
    }
    let n = other.shape[shape.count - 1]
    let batch = shape.count == 3 ? shape[0] : 1
    let out = try Tensor.allocate(shape.dropLast(2) + [m, n], op: "matmul", argument: "other")
    for index in 0..<batch {
      try gemm(
        m: m, n: n, k: k, a: pointer + index * m * k, lda: k, b: other.pointer + index * k * n, ldb: n,
        c: out.pointer + index * m * n, ldc: n)
    }
    guard needsGradient(self, other) else { return out }
    // dA = dC B', dB = A' dC
    let (a, b) = (other.requiresGrad ? detached() : nil, requiresGrad ? other.detached() : nil)
    return out.recorded(from: self, other) { dout in
      let da = try b.map { b in
        let da = Tensor.uninitialized(dout.shape.dropLast() + [k])
        for index in 0..<batch {
          try gemm(
            m: m, n: k, k: n, a: dout.pointer + index * m * n, lda: n,
            b: b.pointer + index * k * n, ldb: n, transposeB: true, c: da.pointer + index * m * k, ldc: k)
        }
        return da
      }
      let db = try a.map { a in
        let db = Tensor.uninitialized(dout.shape.dropLast(2) + [k, n])
        for index in 0..<batch {
          try gemm(
            m: k, n: n, k: m, a: a.pointer + index * m * k, lda: k, transposeA: true,
            b: dout.pointer + index * m * n, ldb: n, c: db.pointer + index * k * n, ldc: n)
        }
        return db
      }
      return [da, db]
    }
  }
}
