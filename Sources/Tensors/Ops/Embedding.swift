import CKernels

extension Tensor {
  /// The rows of self (V, C) that `ids` name, (T, C), as f32.
  ///
  /// Gradients are added row by row in the order of `ids`, so equal ids always sum up in the same order.
  public func embedding(_ ids: [Int32]) throws -> Tensor {
    let op = "embedding"
    try require(axes: 2, of: op)
    let (vocabulary, columns) = (shape[0], shape[1])
    for (place, id) in ids.enumerated() where id < 0 || id >= vocabulary {
      let reason = "ids 0 to \(vocabulary - 1) expected, got \(id) at position \(place)"
      throw TensorError(op: op, argument: "ids", reason: reason)
    }
    let out = try Tensor.allocate([ids.count, columns], op: op)
    if dataType == .f32 {
      yy_gather_rows(out.pointer, pointer, ids, ids.count, columns)
    } else {
      for (row, id) in ids.enumerated() {
        yy_from_bfloat16(out.pointer + row * columns, bfloat16 + Int(id) * columns, columns)
      }
    }
    guard needsGradient(self) else { return out }
    let target = gradientTarget
    return out.recorded(from: self) { dout in
      let dweight = target.accumulatedGradient()
      try Parallel.rows(columns, cost: ids.count) { piece in
        yy_scatter_add_rows(
          dweight.pointer, dout.pointer, ids, ids.count, columns, piece.lowerBound, piece.upperBound)
      }
      return [nil]
    }
  }
}
