import CKernels
import Glibc

/// AdamW (Loshchilov & Hutter 2017), with the arithmetic of torch.optim.AdamW in f32.
public struct AdamW {
  /// A parameter, its gradient and its two moments, all of one shape.
  public struct Slot {
    let parameter: Tensor
    let gradient: Tensor
    let firstMoment: Tensor
    let secondMoment: Tensor
    let weightDecay: Double

    /// - Parameter weightDecay: decoupled: the parameter shrinks by learningRate * weightDecay of itself first.
    public init(
      parameter: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor,
      weightDecay: Double = 0.01
    ) throws {
      let op = "adamw"
      try gradient.require(shape: parameter.shape, as: "gradient", of: op)
      try firstMoment.require(shape: parameter.shape, as: "firstMoment", of: op)
      try secondMoment.require(shape: parameter.shape, as: "secondMoment", of: op)
      precondition(!parameter.isBorrowed, "borrowed memory may be read-only")
      (self.parameter, self.gradient, self.weightDecay) = (parameter, gradient, weightDecay)
      (self.firstMoment, self.secondMoment) = (firstMoment, secondMoment)
    }
  }

  let beta1: Double
  let beta2: Double
  let epsilon: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
  }

  /// Changes all parameters and their moments in place, in one pass over them; it is never left half done.
  ///
  /// - Parameters:
  ///   - step: the number of this update, from 1.
  ///   - gradientScale: what the gradients are multiplied by first, as clipping asks.
  public func update(_ slots: [Slot], step: Int, learningRate: Double, gradientScale: Float = 1) throws {
    guard step >= 1 else {
      throw TensorError(op: "adamw", argument: "step", reason: "at least 1 expected, got \(step)")
    }
    let factors = slots.map { slot in
      yy_adamw_factors(
        gradientScale: gradientScale, decay: Float(1 - learningRate * slot.weightDecay),
        oneMinusBeta1: Float(1 - beta1), beta2: Float(beta2), oneMinusBeta2: Float(1 - beta2),
        stepSize: Float(learningRate / (1 - pow(beta1, Double(step)))),
        correction: Float((1 - pow(beta2, Double(step))).squareRoot()), epsilon: Float(epsilon))
    }
    let pieces = slots.indices.flatMap { index in
      (0..<slots[index].parameter.count).blocks(of: Self.pieceLength).map { (index, $0) }
    }
    Parallel.allPieces(pieces.count) { piece in
      let (index, range) = pieces[piece], slot = slots[index], first = range.lowerBound
      yy_adamw(
        slot.parameter.pointer + first, slot.gradient.pointer + first, slot.firstMoment.pointer + first,
        slot.secondMoment.pointer + first, factors[index], range.count)
    }
  }

  private static let pieceLength = 1 << 16
}
