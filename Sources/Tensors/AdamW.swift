import CKernels
import Glibc

/// AdamW (Loshchilov & Hutter 2017), with the arithmetic of torch.optim.AdamW in f32.
public enum AdamW {
  /// Changes a parameter and its two moments in place; it is never left half done.
  ///
  /// - Parameters:
  ///   - step: the number of this update, from 1.
  ///   - weightDecay: decoupled: the parameter shrinks by learningRate * weightDecay of itself first.
  ///   - gradientScale: what the gradient is multiplied by first, as clipping asks.
  public static func update(
    parameter: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, step: Int,
    learningRate: Double,
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    gradientScale: Float = 1
  ) throws {
    let op = "adamw"
    try gradient.require(shape: parameter.shape, as: "gradient", of: op)
    try firstMoment.require(shape: parameter.shape, as: "firstMoment", of: op)
    try secondMoment.require(shape: parameter.shape, as: "secondMoment", of: op)
    guard step >= 1 else {
      throw TensorError(op: op, argument: "step", reason: "at least 1 expected, got \(step)")
    }
    precondition(!parameter.isBorrowed, "borrowed memory may be read-only")
    let factors = yy_adamw_factors(
      gradientScale: gradientScale, decay: Float(1 - learningRate * weightDecay),
      oneMinusBeta1: Float(1 - beta1),
      beta2: Float(beta2), oneMinusBeta2: Float(1 - beta2),
      stepSize: Float(learningRate / (1 - pow(beta1, Double(step)))),
      correction: Float((1 - pow(beta2, Double(step))).squareRoot()), epsilon: Float(epsilon))
    Parallel.allRows(parameter.count, cost: 8) { piece in
      let first = piece.lowerBound
      yy_adamw(
        parameter.pointer + first, gradient.pointer + first, firstMoment.pointer + first,
        secondMoment.pointer + first,
        factors, piece.count)
    }
  }
}
