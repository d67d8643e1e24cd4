extension Tensor {
  /// A linear map with a low-rank addition: x * weight' + bias + scale * dropout(x) * a' * b' (Hu and others
  /// 2021, arXiv:2106.09685).
  ///
  /// Self is (…, K), `weight` (N, K), `a` (r, K), `b` (N, r). Kept for the gradients are x and the thin
  /// product (T, r); the dropout mask is made again from its key.
  public func loraLinear(
    weight: Tensor, bias: Tensor? = nil, a: Tensor, b: Tensor, scale: Float, dropout: Dropout? = nil
  ) throws -> Tensor {
    let op = "lora_linear"
    let base = try LinearShape(of: self, weight: weight, bias: bias, op: op)
    try a.require(axes: 2, as: "a", of: op)
    try dropout?.check(op: op, argument: "dropout")
    let low = LowRank(
      rows: base.rows, inputs: base.inputs, outputs: base.outputs, rank: a.shape[0], scale: scale,
      dropout: dropout?.isIdentity == false ? dropout : nil)
    try a.require(shape: [low.rank, low.inputs], as: "a", of: op)
    try b.require(shape: [low.outputs, low.rank], as: "b", of: op)

    let out = try base.forward(self, weight, bias)
    let thin = try low.forward(self, a, b, addingTo: out)
    guard needsGradient([self, weight, bias, a, b]) else { return out }
    let x = weight.requiresGrad || a.requiresGrad ? detached() : nil
    let keptThin = b.requiresGrad ? thin : nil
    let needs = (x: requiresGrad, weight: weight.requiresGrad, a: a.requiresGrad)
    return out.recorded(from: [self, weight, a, b] + (bias.map { [$0] } ?? [])) { dout in
      if let x, needs.weight { try base.addWeightGradient(dout, x, into: weight.accumulatedGradient()) }
      if let keptThin { try low.addGradientOfB(dout, keptThin, into: b.accumulatedGradient()) }
      let dx = needs.x ? try base.inputGradient(dout, weight) : nil
      if needs.a || dx != nil {
        let dthin = try low.thinGradient(dout, b)
        if let x, needs.a { try low.addGradientOfA(dthin, x, into: a.accumulatedGradient()) }
        if let dx { try low.addInputGradient(dthin, a, into: dx) }
      }
      let inputs = [dx, nil, nil, nil]
      guard let bias else { return inputs }
      return inputs + [bias.requiresGrad ? try base.biasGradient(dout) : nil]
    }
  }
}

/// The products of the low-rank addition; thin = dropout(x) * a' is (T, r).
private struct LowRank {
  let rows: Int
  let inputs: Int
  let outputs: Int
  let rank: Int
  let scale: Float
  let dropout: Dropout?

  private func dropped(_ x: Tensor) throws -> Tensor {
    guard let dropout else { return x }
    let out = Tensor.uninitialized(x.shape)
    try dropout.apply(to: x, into: out)
    return out
  }

  /// out += scale * thin * b'; returns thin.
  func forward(_ x: Tensor, _ a: Tensor, _ b: Tensor, addingTo out: Tensor) throws -> Tensor {
    let thin = Tensor.uninitialized([rows, rank]), x = try dropped(x)
    try gemm(
      m: rows, n: rank, k: inputs, a: x.pointer, lda: inputs, b: a.pointer, ldb: inputs, transposeB: true,
      c: thin.pointer, ldc: rank)
    withExtendedLifetime(x) {}
    try gemm(
      m: rows, n: outputs, k: rank, alpha: scale, a: thin.pointer, lda: rank, b: b.pointer, ldb: rank,
      transposeB: true, beta: 1, c: out.pointer, ldc: outputs)
    return thin
  }

  /// db += scale * dout' * thin.
  func addGradientOfB(_ dout: Tensor, _ thin: Tensor, into db: Tensor) throws {
    try gemm(
      m: outputs, n: rank, k: rows, alpha: scale, a: dout.pointer, lda: outputs, transposeA: true,
      b: thin.pointer,
      ldb: rank, beta: 1, c: db.pointer, ldc: rank)
  }

  /// dthin = scale * dout * b.
  func thinGradient(_ dout: Tensor, _ b: Tensor) throws -> Tensor {
    let dthin = Tensor.uninitialized([rows, rank])
    try gemm(
      m: rows, n: rank, k: outputs, alpha: scale, a: dout.pointer, lda: outputs, b: b.pointer, ldb: rank,
      c: dthin.pointer, ldc: rank)
    return dthin
  }

  /// da += dthin' * dropout(x).
  func addGradientOfA(_ dthin: Tensor, _ x: Tensor, into da: Tensor) throws {
    let x = try dropped(x)
    try gemm(
      m: rank, n: inputs, k: rows, a: dthin.pointer, lda: rank, transposeA: true, b: x.pointer, ldb: inputs,
      beta: 1,
      c: da.pointer, ldc: inputs)
    withExtendedLifetime(x) {}
  }

  /// dx += mask * (dthin * a).
  func addInputGradient(_ dthin: Tensor, _ a: Tensor, into dx: Tensor) throws {
    let term = dropout == nil ? dx : Tensor.uninitialized(dx.shape)
    try gemm(
      m: rows, n: inputs, k: rank, a: dthin.pointer, lda: rank, b: a.pointer, ldb: inputs,
      beta: dropout == nil ? 1 : 0, c: term.pointer, ldc: inputs)
    try dropout?.apply(to: term, into: dx, adding: true)
  }
}
