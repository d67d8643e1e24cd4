import CKernels

extension Tensor {
  /// scale * the sum of -log p(target) over the rows, p = softmax(self * weight').
  ///
  /// Self is (T, C), `weight` (V, C); rows with target -1 are not trained and cost nothing. Logits exist for
  /// a piece of rows at a time. When gradients are wanted they are made in the forward pass, while the logits
  /// are there, so that no product is done twice; the backward pass only multiplies them by the gradient of
  /// the result, which is 1 for a loss. The numbers are multiplied in the type of self.
  public func linearCrossEntropy(weight: Tensor, targets: [Int32], scale: Float = 1) throws -> Tensor {
    let pieces = try LogitPieces(x: self, weight: weight, targets: targets, op: "linear_cross_entropy")
    let recording = needsGradient(self, weight)
    let rows = try pieces.compact(self)
    let typedWeight = weight.converted(to: dataType, purpose: .activations)
    let dx = recording && requiresGrad ? Tensor.uninitialized(rows.shape) : nil
    let dweight =
      recording && weight.requiresGrad ? Tensor.uninitialized(weight.shape, purpose: .gradients) : nil
    if pieces.trained.isEmpty { dweight?.fill(0) }
    var losses = [Double](repeating: 0, count: pieces.trained.count)
    try losses.withUnsafeMutableBufferPointer { losses in
      let losses = losses
      try pieces.forEach(rows: rows, weight: typedWeight) { piece, x, logits in
        try pieces.losses(of: piece, logits.pointer, into: losses, gradientScale: recording ? scale : nil)
        guard dx != nil || dweight != nil else { return }
        let dlogits = logits.converted(to: dataType)
        try dx?.view([piece.count, pieces.columns], offset: piece.lowerBound * pieces.columns)
          .setToSum(of: [ProductTerm(a: dlogits, b: typedWeight)], multipliedAs: dataType)
        try dweight?.setToSum(
          of: [ProductTerm(a: dlogits, b: x, transposeA: true)], adding: piece.lowerBound > 0,
          multipliedAs: dataType)
      }
    }
    let loss = Tensor.scalar(Float(Double(scale) * losses.reduce(0, +)))
    guard recording else { return loss }
    let gradients = ReadyGradients(dx: dx, dweight: dweight)
    let length = shape[0]
    return loss.recorded(from: self, weight) { dout in
      let (dx, dweight) = gradients.take()
      let factor = try dout.item()
      for gradient in [dx, dweight] { try gradient?.scaleInPlace(factor) }
      return [try dx.map { try pieces.spread($0, to: length) }, dweight]
    }
  }

  fileprivate func scaleInPlace(_ factor: Float) throws {
    guard factor != 1 else { return }
    try Parallel.rows(count, cost: 2) {
      yy_scale(self.pointer + $0.lowerBound, self.pointer + $0.lowerBound, factor, $0.count)
    }
  }
}

/// Gradients made ahead, given away when asked for so that a weight can keep the buffer as its own.
private final class ReadyGradients {
  private var dx: Tensor?
  private var dweight: Tensor?

  init(dx: Tensor?, dweight: Tensor?) { (self.dx, self.dweight) = (dx, dweight) }

  func take() -> (dx: Tensor?, dweight: Tensor?) { (dx.take(), dweight.take()) }
}
