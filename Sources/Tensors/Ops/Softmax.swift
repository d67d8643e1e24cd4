import CKernels

extension Tensor {
  /// exp(x) / sum(exp(x)) along the last axis.
  public func softmax() throws -> Tensor { try softmax(op: "softmax", logarithm: 0) }

  /// The logarithm of `softmax`, without its loss of precision: x - log(sum(exp(x))).
  public func logSoftmax() throws -> Tensor { try softmax(op: "log_softmax", logarithm: 1) }

  private func softmax(op: String, logarithm: Int32) throws -> Tensor {
    let (rows, columns) = try rowsAndColumns(op: op)
    let out = try Tensor.allocate(shape, op: op, argument: "self")
    try Parallel.rows(rows, cost: columns * 4) { range in
      let start = range.lowerBound * columns
      yy_softmax(pointer + start, range.count, columns, logarithm, out.pointer + start)
    }
    guard needsGradient(self) else { return out }
    let y = out.detached()
    return out.recorded(from: self) { dout in
      let dx = try Tensor.allocate(y.shape, op: op, argument: "self")
      try Parallel.rows(rows, cost: columns * 4) { range in
        let start = range.lowerBound * columns
        yy_softmax_backward(
          y.pointer + start, dout.pointer + start, range.count, columns, logarithm, dx.pointer + start)
      }
      return [dx]
    }
  }

  /// The mean of -log softmax(self)[target] over the rows with a target; self is (T, C), target -1 means
  /// none.
  ///
  /// For logits that are at hand; a model's head is fused with its loss in `linearCrossEntropy`.
  public func crossEntropy(targets: [Int32]) throws -> Tensor {
    let op = "cross_entropy"
    try require(axes: 2, of: op)
    let (rows, columns) = (shape[0], shape[1])
    guard targets.count == rows else {
      let reason = "\(rows) targets expected, one per row, got \(targets.count)"
      throw TensorError(op: op, argument: "targets", reason: reason)
    }
    for (position, target) in targets.enumerated() where target < -1 || Int(target) >= columns {
      let reason = "columns within 0..<\(columns), or -1, expected, got \(target) at position \(position)"
      throw TensorError(op: op, argument: "targets", reason: reason)
    }
    let used = targets.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) }
    guard used > 0 else {
      throw TensorError(
        op: op, argument: "targets", reason: "at least 1 target other than -1 expected, got none")
    }
    let logarithms = try withoutGradients { try logSoftmax() }
    var sum = 0.0
    for (row, target) in targets.enumerated() where target >= 0 {
      sum -= Double(logarithms.pointer[row * columns + Int(target)])
    }
    return Tensor.scalar(Float(sum / Double(used))).recorded(from: self) { dout in
      // d = (softmax - onehot) / used
      let dx = try logarithms.exp()
      let scale = dout.pointer[0] / Float(used)
      for (row, target) in targets.enumerated() {
        let line = UnsafeMutableBufferPointer(start: dx.pointer + row * columns, count: columns)
        guard target >= 0 else {
          line.update(repeating: 0)
          continue
        }
        line[Int(target)] -= 1
        for column in line.indices { line[column] *= scale }
      }
      return [dx]
    }
  }
}
