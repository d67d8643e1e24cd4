import Models
import Tensors

/// AdamW over the trained parameters of a model, each tensor once.
final class Optimizer {
  struct Slot {
    let name: String
    let parameter: Tensor
    let firstMoment: Tensor
    let secondMoment: Tensor
  }

  let slots: [Slot]
  private let options: AdamWOptions

  init(_ parameters: [Parameter], _ options: AdamWOptions) {
    var seen: Set<ObjectIdentifier> = []
    var slots: [Slot] = []
    for parameter in parameters where seen.insert(ObjectIdentifier(parameter.tensor)).inserted {
      slots.append(
        Slot(
          name: parameter.name, parameter: parameter.tensor,
          firstMoment: .zeros(parameter.tensor.shape, purpose: .optimizer),
          secondMoment: .zeros(parameter.tensor.shape, purpose: .optimizer)))
    }
    self.slots = slots
    self.options = options
  }

  /// Of all gradients together; not finite if one of their numbers is not.
  func gradientNorm() -> Double {
    squaredNorm(slots.compactMap(\.parameter.grad)).squareRoot()
  }

  func clearGradients() {
    for slot in slots { slot.parameter.zeroGrad() }
  }

  /// The parameter, in the model's order, whose gradient holds a number that is not finite.
  func nonFiniteGradient() -> String? {
    slots.first { $0.parameter.grad?.firstNonFinite != nil }?.name
  }

  /// Updates every parameter; once begun it is not interrupted.
  func update(step: Int, learningRate: Double, gradientScale: Double) throws {
    let updates = try slots.compactMap { slot in
      try slot.parameter.grad.map { gradient in
        try AdamW.Slot(
          parameter: slot.parameter, gradient: gradient, firstMoment: slot.firstMoment,
          secondMoment: slot.secondMoment,
          weightDecay: slot.parameter.shape.count > 1 ? options.weightDecay : 0)
      }
    }
    try AdamW(beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon)
      .update(updates, step: step, learningRate: learningRate, gradientScale: Float(gradientScale))
  }
}
