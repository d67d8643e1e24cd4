extension Tensor {
  /// A linear map with a low-rank addition: x * weight' + bias + residual + scale * dropout(x) * a' * b' (Hu and
  /// others 2021, arXiv:2106.09685).
  ///
  /// Self is (…, K), `weight` (N, K), `a` (r, K), `b` (N, r). The thin products are summed beside the base product,
  /// piece by piece. Kept for the gradients are x and the thin product (T, r); the dropout mask is made again
  /// from its key.
  ///
  /// - Parameters:
  ///   - residual: what the result is added to, of its shape and f32 as it is then.
  ///   - result: the type of the result.
  ///   - readsOnce: as in `linear`.
  public func loraLinear(
    weight: Tensor, bias: Tensor? = nil, a: Tensor, b: Tensor, scale: Float, dropout: Dropout? = nil,
    residual: Tensor? = nil, result: DataType = .f32,
    readsOnce: Bool = false
  ) throws -> Tensor {
    let op = "lora_linear"
    let base = try LinearShape(of: self, weight: weight, bias: bias, op: op)
    try a.require(axes: 2, as: "a", of: op)
    try dropout?.check(op: op, argument: "dropout")
    let low = LowRank(
      rank: a.shape[0], scale: scale, type: dataType, dropout: dropout?.isIdentity == false ? dropout : nil)
    try a.require(shape: [low.rank, base.inputs], as: "a", of: op)
    try b.require(shape: [base.outputs, low.rank], as: "b", of: op)

    let out = try base.allocate(result, residual: residual)
    let isRecorded = needsGradient([self, weight, bias, a, b, residual])
    let thin = try low.thin(self, a, readsOnce: readsOnce && !isRecorded)
    try out.setToSum(
      of: [base.forward(self, weight), low.forward(thin, b)], bias: bias, plus: residual,
      multipliedAs: dataType, readsOnce: readsOnce && !isRecorded)
    guard isRecorded else { return out }
    let x = weight.requiresGrad || a.requiresGrad ? detached() : nil
    let keptThin = b.requiresGrad ? thin : nil
    let needs = (x: requiresGrad, weight: weight.requiresGrad, a: a.requiresGrad)
    let addends = LinearAddends(bias: bias, residual: residual)
    return out.recorded(from: [self, weight, a, b] + [bias, residual].compactMap(\.self)) { dout in
      let typed = dout.converted(to: low.type)
      if let x, needs.weight { try base.addWeightGradient(typed, x, into: weight.accumulatedGradient()) }
      if let keptThin { try low.addGradientOfB(typed, keptThin, into: b.accumulatedGradient()) }
      let dthin = needs.x || needs.a ? try low.thinGradient(typed, b) : nil
      if let x, let dthin, needs.a { try low.addGradientOfA(dthin, x, into: a.accumulatedGradient()) }
      let dx = try dthin.flatMap { needs.x ? try low.inputGradient(typed, $0, weight, a, base) : nil }
      return try [dx, nil, nil, nil] + addends.gradients(dout, base)
    }
  }
}

/// The products of the low-rank addition; thin = dropout(x) * a' is (T, r).
private struct LowRank {
  let rank: Int
  let scale: Float
  /// What the numbers are multiplied as.
  let type: DataType
  let dropout: Dropout?

  private func dropped(_ x: Tensor) throws -> Tensor {
    guard let dropout else { return x }
    let out = Tensor.uninitialized(x.shape)
    try dropout.apply(to: x.converted(to: .f32), into: out)
    return out
  }

  func thin(_ x: Tensor, _ a: Tensor, readsOnce: Bool) throws -> Tensor {
    let thin = Tensor.uninitialized([x.shape.dropLast().reduce(1, *), rank])
    try thin.setToSum(
      of: [ProductTerm(a: dropped(x), b: a, transposeB: true)], multipliedAs: type, readsOnce: readsOnce)
    return thin
  }

  /// scale * thin * b'.
  func forward(_ thin: Tensor, _ b: Tensor) -> ProductTerm {
    ProductTerm(a: thin, b: b, transposeB: true, scale: scale)
  }

  /// db += scale * dout' * thin.
  func addGradientOfB(_ dout: Tensor, _ thin: Tensor, into db: Tensor) throws {
    try db.setToSum(
      of: [ProductTerm(a: dout, b: thin, transposeA: true, scale: scale)], adding: true, multipliedAs: type)
  }

  /// dthin = scale * dout * b.
  func thinGradient(_ dout: Tensor, _ b: Tensor) throws -> Tensor {
    let dthin = Tensor.uninitialized([dout.shape.dropLast().reduce(1, *), rank])
    try dthin.setToSum(of: [ProductTerm(a: dout, b: b, scale: scale)], multipliedAs: type)
    return dthin
  }

  /// da += dthin' * dropout(x).
  func addGradientOfA(_ dthin: Tensor, _ x: Tensor, into da: Tensor) throws {
    try da.setToSum(
      of: [ProductTerm(a: dthin, b: dropped(x), transposeA: true)], adding: true, multipliedAs: type)
  }

  /// dx = dout * weight + mask * (dthin * a).
  func inputGradient(_ dout: Tensor, _ dthin: Tensor, _ weight: Tensor, _ a: Tensor, _ base: LinearShape)
    throws
    -> Tensor
  {
    let (whole, thin) = (base.backward(dout, weight), ProductTerm(a: dthin, b: a))
    guard let dropout else { return try base.inputGradient([whole, thin], as: type) }
    let dx = try base.inputGradient([whole], as: type)
    try dropout.apply(to: base.inputGradient([thin], as: type), into: dx, adding: true)
    return dx
  }
}
