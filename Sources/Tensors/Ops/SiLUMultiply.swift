import CKernels

extension Tensor {
  /// silu(self) * up, element by element: the gate of a gated feed-forward layer (Shazeer 2020).
  ///
  /// The result has the type of self, which is `up`'s too.
  public func siluMultiply(_ up: Tensor) throws -> Tensor {
    let op = "silu_multiply"
    try up.require(shape: shape, as: "up", of: op)
    precondition(up.dataType == dataType, "gate and up have one type")
    let out = try Tensor.allocate(shape, type: dataType, op: op)
    try Parallel.rows(count, cost: 4) { piece in
      for block in piece.blocks(of: Tensor.blockLength) {
        withFloats(block) { gate in
          up.withFloats(block) { up in
            out.withNewFloats(block) { yy_silu_multiply_forward($0, gate, up, block.count) }
          }
        }
      }
    }
    guard needsGradient(self, up) else { return out }
    let gate = detached(), other = up.detached()
    return out.recorded(from: self, up) { dout in
      let dgate = Tensor.uninitialized(gate.shape), dup = Tensor.uninitialized(gate.shape)
      try Parallel.rows(gate.count, cost: 6) { piece in
        for block in piece.blocks(of: Tensor.blockLength) {
          let first = block.lowerBound
          gate.withFloats(block) { gate in
            other.withFloats(block) { up in
              yy_silu_multiply_backward(
                dgate.pointer + first, dup.pointer + first, dout.pointer + first, gate, up, block.count)
            }
          }
        }
      }
      return [dgate, dup]
    }
  }
}
