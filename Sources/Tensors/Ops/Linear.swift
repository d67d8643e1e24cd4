import CKernels

extension Tensor {
  /// self * weight' + bias: (…, K) times (N, K) gives (…, N).
  ///
  /// The gradient of `weight` is added into its buffer by the matrix product itself; what only that gradient
  /// needs is not kept when `weight` is frozen.
  public func linear(weight: Tensor, bias: Tensor? = nil) throws -> Tensor {
    let product = try LinearShape(of: self, weight: weight, bias: bias, op: "linear")
    let out = try product.forward(self, weight, bias)
    guard needsGradient(self, weight, bias) else { return out }
    let x = weight.requiresGrad ? detached() : nil
    let needsX = requiresGrad
    return out.recorded(from: [self, weight] + (bias.map { [$0] } ?? [])) { dout in
      if let x { try product.addWeightGradient(dout, x, into: weight.accumulatedGradient()) }
      let dx = needsX ? try product.inputGradient(dout, weight) : nil
      guard let bias else { return [dx, nil] }
      return [dx, nil, bias.requiresGrad ? try product.biasGradient(dout) : nil]
    }
  }
}

/// The checked shapes of x (T, K), weight (N, K) and bias (N), and the products made of them.
struct LinearShape {
  let rows: Int  // T
  let inputs: Int  // K
  let outputs: Int  // N
  let inputShape: [Int]
  let op: String

  init(of x: Tensor, weight: Tensor, bias: Tensor?, op: String) throws {
    (rows, inputs) = try x.rowsAndColumns(op: op)
    try weight.require(axes: 2, as: "weight", of: op)
    outputs = weight.shape[0]
    inputShape = x.shape
    self.op = op
    try weight.require(shape: [outputs, inputs], as: "weight", of: op)
    try bias?.require(shape: [outputs], as: "bias", of: op)
  }

  func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) throws -> Tensor {
    let out = try Tensor.allocate(inputShape.dropLast() + [outputs], op: op)
    try gemm(
      m: rows, n: outputs, k: inputs, a: x.pointer, lda: inputs, b: weight.pointer, ldb: inputs,
      transposeB: true,
      c: out.pointer, ldc: outputs)
    if let bias {
      try Parallel.rows(rows, cost: outputs) {
        yy_add_bias(out.pointer + $0.lowerBound * outputs, bias.pointer, $0.count, outputs)
      }
    }
    return out
  }

  /// dx = dout * weight.
  func inputGradient(_ dout: Tensor, _ weight: Tensor) throws -> Tensor {
    let dx = Tensor.uninitialized(inputShape)
    try gemm(
      m: rows, n: inputs, k: outputs, a: dout.pointer, lda: outputs, b: weight.pointer, ldb: inputs,
      c: dx.pointer,
      ldc: inputs)
    return dx
  }

  /// dweight += dout' * x.
  func addWeightGradient(_ dout: Tensor, _ x: Tensor, into dweight: Tensor) throws {
    try gemm(
      m: outputs, n: inputs, k: rows, a: dout.pointer, lda: outputs, transposeA: true, b: x.pointer,
      ldb: inputs,
      beta: 1, c: dweight.pointer, ldc: inputs)
  }

  func biasGradient(_ dout: Tensor) throws -> Tensor {
    let dbias = Tensor.zeros([outputs])
    try Parallel.rows(outputs, cost: rows) {
      yy_add_column_sums(dbias.pointer, dout.pointer, rows, outputs, $0.lowerBound, $0.upperBound)
    }
    return dbias
  }
}
