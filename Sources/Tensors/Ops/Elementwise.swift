import CKernels
import Glibc

extension Tensor {
  /// Element by element; shapes are broadcast by NumPy's rule.
  public static func + (a: Tensor, b: Tensor) throws -> Tensor {
    try combine("add", YY_ADD, a, b).recorded(from: a, b) { dout in [dout, dout] }
  }

  /// Element by element; shapes are broadcast by NumPy's rule.
  public static func - (a: Tensor, b: Tensor) throws -> Tensor {
    let isUsed = b.requiresGrad
    return try combine("subtract", YY_SUBTRACT, a, b).recorded(from: a, b) { dout in
      [dout, isUsed ? try dout.negated() : nil]
    }
  }

  /// Element by element; shapes are broadcast by NumPy's rule.
  public static func * (a: Tensor, b: Tensor) throws -> Tensor {
    // d(ab) = b da + a db; each side is kept only for the other's gradient.
    let (savedA, savedB) = (b.requiresGrad ? a.detached() : nil, a.requiresGrad ? b.detached() : nil)
    return try combine("multiply", YY_MULTIPLY, a, b).recorded(from: a, b) { dout in
      [try savedB.map { try dout * $0 }, try savedA.map { try dout * $0 }]
    }
  }

  /// Element by element; shapes are broadcast by NumPy's rule.
  public static func / (a: Tensor, b: Tensor) throws -> Tensor {
    // d(a/b) = da / b - (a/b) db / b
    let out = try combine("divide", YY_DIVIDE, a, b)
    let quotient = b.requiresGrad ? out.detached() : nil
    let (divisor, isUsed) = (b.detached(), a.requiresGrad)
    return out.recorded(from: a, b) { dout in
      let da = try dout / divisor
      return [isUsed ? da : nil, try quotient.map { try (da * $0).negated() }]
    }
  }

  public static func + (a: Tensor, b: Float) throws -> Tensor {
    try combine("add", YY_ADD, a, .scalar(b)).recorded(from: a) { dout in [dout] }
  }

  public static func + (a: Float, b: Tensor) throws -> Tensor { try b + a }

  public static func - (a: Tensor, b: Float) throws -> Tensor { try a + -b }

  public static func - (a: Float, b: Tensor) throws -> Tensor {
    try combine("subtract", YY_SUBTRACT, .scalar(a), b).recorded(from: b) { dout in [try dout.negated()] }
  }

  public static func * (a: Tensor, b: Float) throws -> Tensor {
    try combine("multiply", YY_MULTIPLY, a, .scalar(b)).recorded(from: a) { dout in [try dout * b] }
  }

  public static func * (a: Float, b: Tensor) throws -> Tensor { try b * a }

  public static func / (a: Tensor, b: Float) throws -> Tensor {
    try combine("divide", YY_DIVIDE, a, .scalar(b)).recorded(from: a) { dout in [try dout / b] }
  }

  public static func / (a: Float, b: Tensor) throws -> Tensor { try .scalar(a) / b }

  /// Adds a tensor of the same shape in place; not recorded.
  public func addInPlace(_ other: Tensor) throws {
    try other.require(shape: shape, as: "other", of: "add_in_place")
    try Parallel.rows(count, cost: 1) { range in
      yy_add_into(other.pointer + range.lowerBound, pointer + range.lowerBound, range.count)
    }
  }

  /// The values of a two-sided operation, without its gradient.
  private static func combine(_ op: String, _ kernel: yy_binary_op, _ a: Tensor, _ b: Tensor) throws -> Tensor
  {
    guard let plan = BroadcastPlan(a.shape, b.shape) else {
      let reason = "a shape that broadcasts with \(a.shape) expected, got \(b.shape)"
      throw TensorError(op: op, argument: "other", reason: reason)
    }
    let out = try allocate(plan.shape, op: op, argument: "other")
    guard out.count > 0 else { return out }
    if plan.outer.isEmpty {
      try Parallel.rows(plan.inner, cost: 1) { range in
        yy_binary(
          kernel, a.pointer + range.lowerBound * plan.stepA, plan.stepA,
          b.pointer + range.lowerBound * plan.stepB, plan.stepB, out.pointer + range.lowerBound, range.count)
      }
    } else {
      try Parallel.rows(plan.rows, cost: plan.inner) { range in
        for row in range {
          let starts = plan.starts(ofRow: row)
          yy_binary(
            kernel, a.pointer + starts.a, plan.stepA, b.pointer + starts.b, plan.stepB,
            out.pointer + row * plan.inner, plan.inner)
        }
      }
    }
    return out
  }
}
