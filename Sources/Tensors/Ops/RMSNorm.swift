import CKernels

extension Tensor {
  /// Root-mean-square normalisation of every row: x * weight / sqrt(mean(x^2) + eps) (Zhang & Sennrich 2019).
  ///
  /// - Parameters:
  ///   - weight: one factor per column.
  ///   - result: the type of the result.
  public func rmsNorm(weight: Tensor, eps: Float = 1e-6, result: DataType = .f32) throws -> Tensor {
    let op = "rms_norm"
    let (rows, columns) = try rowsAndColumns(op: op)
    try weight.require(shape: [columns], as: "weight", of: op)
    let out = try Tensor.allocate(shape, type: result, op: op)
    let rstd = Tensor.uninitialized([rows])
    try Parallel.rows(rows, cost: columns * 2) { piece in
      for rows in piece.blocks(of: Tensor.blockRows(columns: columns)) {
        let range = rows.lowerBound * columns..<rows.upperBound * columns
        out.withNewFloats(range) { out in
          yy_rms_norm_forward(
            out, rstd.pointer + rows.lowerBound, pointer + range.lowerBound, weight.pointer, eps, rows.count,
            columns)
        }
      }
    }
    guard needsGradient(self, weight) else { return out }
    let x = detached(), factors = weight.detached()
    let needsX = requiresGrad, needsWeight = weight.requiresGrad
    return out.recorded(from: self, weight) { dout in
      let dx = needsX ? Tensor.uninitialized(x.shape) : nil
      if let dx {
        try Parallel.rows(rows, cost: columns * 3) { piece in
          let first = piece.lowerBound * columns
          yy_rms_norm_backward(
            dx.pointer + first, dout.pointer + first, x.pointer + first, factors.pointer,
            rstd.pointer + piece.lowerBound, piece.count, columns)
        }
      }
      guard needsWeight else { return [dx, nil] }
      let dweight = Tensor.zeros([columns])
      try Parallel.rows(columns, cost: rows * 2) { piece in
        yy_rms_norm_backward_weight(
          dweight.pointer, dout.pointer, x.pointer, rstd.pointer, rows, columns, piece.lowerBound,
          piece.upperBound)
      }
      return [dx, dweight]
    }
  }
}
