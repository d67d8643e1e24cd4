import CKernels

extension Tensor {
  /// silu(self) * up, element by element: the gate of a gated feed-forward layer (Shazeer 2020).
  public func siluMultiply(_ up: Tensor) throws -> Tensor {
    let op = "silu_multiply"
    try up.require(shape: shape, as: "up", of: op)
    let out = try Tensor.allocate(shape, op: op)
    try Parallel.rows(count, cost: 4) { piece in
      let first = piece.lowerBound
      yy_silu_multiply_forward(out.pointer + first, pointer + first, up.pointer + first, piece.count)
    }
    guard needsGradient(self, up) else { return out }
    let gate = detached(), other = up.detached()
    return out.recorded(from: self, up) { dout in
      let dgate = Tensor.uninitialized(gate.shape), dup = Tensor.uninitialized(gate.shape)
      try Parallel.rows(gate.count, cost: 6) { piece in
        let first = piece.lowerBound
        yy_silu_multiply_backward(
          dgate.pointer + first, dup.pointer + first, dout.pointer + first, gate.pointer + first,
          other.pointer + first,
          piece.count)
      }
      return [dgate, dup]
    }
  }
}
