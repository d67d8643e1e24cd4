/// How far gradients are from finite differences, and where the difference is largest.
public struct GradientCheck: Equatable, Sendable, CustomStringConvertible {
  /// The largest difference, relative to the largest derivative of the same input (at least to 0.001).
  public var relativeError: Float = 0
  /// The largest difference.
  public var absoluteError: Float = 0
  /// The input (counted from 0) and the element of it that `relativeError` is found at.
  public var input = 0
  public var index = 0
  /// The two derivatives there.
  public var gradient: Float = 0
  public var difference: Float = 0

  public var description: String {
    "input \(input) element \(index): gradient \(gradient), finite difference \(difference),"
      + " relative error \(relativeError)"
  }
}

/// Compares the gradients of `f` with central differences of fourth order.
///
/// The result of `f`, of any shape, is made one number by fixed weights of mixed sign. `f` is called four
/// times per element, so inputs should be small; they are changed while it runs and left as they were,
/// without gradients.
///
/// - Parameter epsilon: the step, absolute.
public func checkGradient(
  inputs: [Tensor], epsilon: Float = 0.01, _ f: ([Tensor]) throws -> Tensor
) throws -> GradientCheck {
  let copies = inputs.map { $0.copy(purpose: .activations) }
  for copy in copies { copy.requiresGrad = true }
  let result = try f(copies)
  guard result.requiresGrad else {
    let reason = "a result computed from the inputs expected, got one that does not depend on them"
    throw TensorError(op: "check_gradient", argument: "f", reason: reason)
  }
  // The golden ratio's multiples spread evenly, so no two elements have the same weight.
  let weights = Tensor.uninitialized(result.shape)
  for index in 0..<weights.count {
    let spread = (Double(index) + 1) * 0.6180339887498949
    let fraction = spread - spread.rounded(.down)
    weights.pointer[index] = Float(fraction < 0.5 ? fraction - 1 : fraction)
  }
  try result.backward(gradient: weights)

  func weightedSum() throws -> Double {
    let result = try withoutGradients { try f(copies) }
    try result.require(shape: weights.shape, as: "f", of: "check_gradient")
    return (0..<result.count).reduce(0.0) {
      $0 + Double(result.pointer[$1]) * Double(weights.pointer[$1])
    }
  }
  var check = GradientCheck()
  for (input, copy) in copies.enumerated() {
    var differences: [Float] = []
    for index in 0..<copy.count {
      let original = copy.pointer[index]
      func value(at steps: Float) throws -> Double {
        copy.pointer[index] = original + steps * epsilon
        return try weightedSum()
      }
      let near = try value(at: 1) - value(at: -1)
      let far = try value(at: 2) - value(at: -2)
      copy.pointer[index] = original
      differences.append(Float((8 * near - far) / (12 * Double(epsilon))))
    }
    let scale = differences.reduce(0.001) { max($0, abs($1)) }
    for (index, difference) in differences.enumerated() {
      let gradient = copy.grad?.pointer[index] ?? 0
      let error = abs(gradient - difference)
      check.absoluteError = max(check.absoluteError, error.isNaN ? .infinity : error)
      if !(error / scale <= check.relativeError) {
        check.relativeError = error.isNaN ? .infinity : error / scale
        (check.input, check.index) = (input, index)
        (check.gradient, check.difference) = (gradient, difference)
      }
    }
  }
  return check
}
