import CKernels

extension Tensor {
  /// self * weight' + bias + residual: (…, K) times (N, K) gives (…, N).
  ///
  /// The numbers are multiplied in the type of self; a weight of another type is converted for the product. The
  /// gradient of `weight` (f32 only) is added into its buffer by the matrix product itself; what only that gradient
  /// needs is not kept when `weight` is frozen.
  ///
  /// - Parameters:
  ///   - residual: what the result is added to, of its shape and f32 as it is then.
  ///   - result: the type of the result.
  ///   - readsOnce: whether `fewRows` rows or fewer read the weight once, as it lies, as decoding wants it; only where
  ///     nothing is recorded, as the sums have other bits than those of the matrix product.
  public func linear(
    weight: Tensor, bias: Tensor? = nil, residual: Tensor? = nil, result: DataType = .f32,
    readsOnce: Bool = false
  ) throws -> Tensor {
    let shape = try LinearShape(of: self, weight: weight, bias: bias, op: "linear")
    let out = try shape.allocate(result, residual: residual)
    let isRecorded = needsGradient(self, weight, bias, residual)
    try out.setToSum(
      of: [shape.forward(self, weight)], bias: bias, plus: residual, multipliedAs: dataType,
      readsOnce: readsOnce && !isRecorded)
    guard isRecorded else { return out }
    let x = weight.requiresGrad ? detached() : nil
    let (type, needsX) = (dataType, requiresGrad)
    let addends = LinearAddends(bias: bias, residual: residual)
    return out.recorded(from: [self, weight] + [bias, residual].compactMap(\.self)) { dout in
      let typed = dout.converted(to: type)
      if let x { try shape.addWeightGradient(typed, x, into: weight.accumulatedGradient()) }
      let dx = needsX ? try shape.inputGradient([shape.backward(typed, weight)], as: type) : nil
      return try [dx, nil] + addends.gradients(dout, shape)
    }
  }
}

/// Which of bias and residual a linear map adds, without holding their numbers.
struct LinearAddends {
  private let hasBias: Bool
  private let trainsBias: Bool
  private let hasResidual: Bool

  init(bias: Tensor?, residual: Tensor?) {
    (hasBias, trainsBias, hasResidual) = (bias != nil, bias?.requiresGrad == true, residual != nil)
  }

  /// Their gradients, in this order.
  func gradients(_ dout: Tensor, _ shape: LinearShape) throws -> [Tensor?] {
    let bias: [Tensor?] = hasBias ? [trainsBias ? try shape.biasGradient(dout) : nil] : []
    return bias + (hasResidual ? [dout] : [])
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

  func allocate(_ type: DataType, residual: Tensor?) throws -> Tensor {
    let shape = Array(inputShape.dropLast()) + [outputs]
    try residual?.require(shape: shape, as: "residual", of: op)
    return try Tensor.allocate(shape, type: type, op: op)
  }

  /// x * weight'.
  func forward(_ x: Tensor, _ weight: Tensor) -> ProductTerm {
    ProductTerm(a: x, b: weight, transposeB: true)
  }

  /// dout * weight.
  func backward(_ dout: Tensor, _ weight: Tensor) -> ProductTerm { ProductTerm(a: dout, b: weight) }

  /// dx, the sum of the terms.
  func inputGradient(_ terms: [ProductTerm], as type: DataType) throws -> Tensor {
    let dx = Tensor.uninitialized(inputShape)
    try dx.setToSum(of: terms, multipliedAs: type)
    return dx
  }

  /// dweight += dout' * x.
  func addWeightGradient(_ dout: Tensor, _ x: Tensor, into dweight: Tensor) throws {
    try dweight.setToSum(
      of: [ProductTerm(a: dout, b: x, transposeA: true)], adding: true, multipliedAs: x.dataType)
  }

  func biasGradient(_ dout: Tensor) throws -> Tensor {
    let dbias = Tensor.zeros([outputs])
    try Parallel.rows(outputs, cost: rows) {
      yy_add_column_sums(dbias.pointer, dout.pointer, rows, outputs, $0.lowerBound, $0.upperBound)
    }
    return dbias
  }
}
