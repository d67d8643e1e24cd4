import CKernels
import Glibc

extension Tensor {
  public func negated() throws -> Tensor { try apply("negate", YY_NEGATE, keeps: .nothing) }

  /// e to the power of each element.
  public func exp() throws -> Tensor { try apply("exp", YY_EXP, keeps: .output) }

  /// The natural logarithm of each element.
  public func log() throws -> Tensor { try apply("log", YY_LOG, keeps: .input) }

  public func sqrt() throws -> Tensor { try apply("sqrt", YY_SQRT, keeps: .output) }

  public func tanh() throws -> Tensor { try apply("tanh", YY_TANH, keeps: .output) }

  /// The logistic function, 1 / (1 + exp(-x)).
  public func sigmoid() throws -> Tensor { try apply("sigmoid", YY_SIGMOID, keeps: .output) }

  /// The sigmoid linear unit, x * sigmoid(x) (arXiv:1702.03118).
  public func silu() throws -> Tensor { try apply("silu", YY_SILU, keeps: .input) }

  /// The element where it is positive, else 0.
  public func relu() throws -> Tensor { try apply("relu", YY_RELU, keeps: .output) }

  /// Each element to the power of a number.
  public func pow(_ exponent: Float) throws -> Tensor {
    let out = try Tensor.allocate(shape, op: "pow", argument: "self")
    try Parallel.rows(count, cost: 4) { range in
      yy_power(pointer + range.lowerBound, exponent, out.pointer + range.lowerBound, range.count)
    }
    let x = detached()
    return out.recorded(from: self) { dout in
      let dx = try Tensor.allocate(x.shape, op: "pow", argument: "self")
      try Parallel.rows(x.count, cost: 4) { range in
        let start = range.lowerBound
        yy_power_backward(x.pointer + start, exponent, dout.pointer + start, dx.pointer + start, range.count)
      }
      return [dx]
    }
  }

  /// What the derivative is computed from, and so kept until `backward()`.
  private enum Kept { case nothing, input, output }

  private func apply(_ op: String, _ kernel: yy_unary_op, keeps kept: Kept) throws -> Tensor {
    let out = try Tensor.allocate(shape, op: op, argument: "self")
    try Parallel.rows(count, cost: 4) { range in
      yy_unary(kernel, pointer + range.lowerBound, out.pointer + range.lowerBound, range.count)
    }
    guard needsGradient(self) else { return out }
    let x = kept == .input ? detached() : nil
    let y = kept == .output ? out.detached() : nil
    return out.recorded(from: self) { dout in
      let dx = try Tensor.allocate(dout.shape, op: op, argument: "self")
      try Parallel.rows(dout.count, cost: 4) { range in
        let start = range.lowerBound
        yy_unary_backward(
          kernel, x.map { $0.pointer + start }, y.map { $0.pointer + start }, dout.pointer + start,
          dx.pointer + start, range.count)
      }
      return [dx]
    }
  }
}
