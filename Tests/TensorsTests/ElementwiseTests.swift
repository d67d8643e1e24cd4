import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  static let unary: [String: @Sendable (Tensor) throws -> Tensor] = [
    "negate": { try $0.negated() }, "exp": { try $0.exp() }, "log": { try $0.log() },
    "sqrt": { try $0.sqrt() }, "tanh": { try $0.tanh() }, "sigmoid": { try $0.sigmoid() },
    "silu": { try $0.silu() }, "relu": { try $0.relu() },
  ]
  static let binary: [String: @Sendable (Tensor, Tensor) throws -> Tensor] = [
    "add": { try $0 + $1 }, "subtract": { try $0 - $1 }, "multiply": { try $0 * $1 },
    "divide": { try $0 / $1 },
  ]

  @Test("agrees with NumPy", arguments: try Fixture.load("elementwise", in: .module))
  func values(_ fixture: Fixture) throws {
    let y = try fixture.tensor("y")
    if let f = Self.unary[fixture.name] {
      let x = try fixture.tensor("x")
      x.requiresGrad = true
      let result = try f(x)
      #expect(result.isClose(to: y, relative: 1e-6))
      try result.backward(gradient: fixture.tensor("dy"))
      #expect(try #require(x.grad).isClose(to: fixture.tensor("dx"), relative: 1e-6))
    } else {
      let f = try #require(Self.binary[fixture.name])
      #expect(try f(fixture.tensor("a"), fixture.tensor("b")).isClose(to: y, relative: 1e-6))
    }
  }

  @Test("gradients agree with finite differences", arguments: unary.keys.sorted())
  func unaryGradients(_ name: String) throws {
    let f = try #require(Self.unary[name])
    try checkGradient(shapes: [[2, 5]], in: 0.3...2) { try f($0[0]) }
    guard name != "log", name != "sqrt", name != "relu" else { return }
    try checkGradient(shapes: [[7]], in: -3...3) { try f($0[0]) }
  }

  @Test("gradients undo broadcasting", arguments: binary.keys.sorted())
  func binaryGradients(_ name: String) throws {
    let f = try #require(Self.binary[name])
    let shapes: [[[Int]]] = [
      [[3, 4], [3, 4]], [[2, 3, 4], [4]], [[2, 1, 4], [3, 1]], [[3, 1], [1, 5]], [[], [2, 2]], [[4], []],
      [[1], [3]], [[2, 3, 1, 2], [3, 2, 1]],
    ]
    for shapes in shapes { try checkGradient(shapes: shapes, in: 0.5...2) { try f($0[0], $0[1]) } }
  }

  @Test func numbersStandOnEitherSide() throws {
    let x = try Tensor([1, 2, 4], shape: [3])
    #expect(try (x + 1).values == [2, 3, 5])
    #expect(try (1 + x).values == [2, 3, 5])
    #expect(try (x - 1).values == [0, 1, 3])
    #expect(try (1 - x).values == [0, -1, -3])
    #expect(try (x * 2).values == [2, 4, 8])
    #expect(try (2 * x).values == [2, 4, 8])
    #expect(try (x / 2).values == [0.5, 1, 2])
    #expect(try (2 / x).values == [2, 1, 0.5])
    try checkGradient(shapes: [[4]], in: 0.5...2) { try 3 / ((2 * $0[0] + 1) * 0.5 - 7 + (1 - $0[0]) / 2) }
  }

  @Test(arguments: [-1.5, -1, 0, 0.5, 1, 2, 3] as [Float])
  func powers(_ exponent: Float) throws {
    let x = try Tensor([0.25, 1, 2.5], shape: [3])
    let expected = x.values.map { Float(Foundation.pow(Double($0), Double(exponent))) }
    #expect(try x.pow(exponent).values.isClose(to: expected, relative: 1e-6))
    guard exponent != 0 else { return }
    try checkGradient(shapes: [[5]], in: 0.5...2) { try $0[0].pow(exponent) }
  }

  @Test func squaresOfNegativeNumbersHaveAGradient() throws {
    let x = try Tensor([-3, 0], shape: [2])
    x.requiresGrad = true
    try x.pow(2).sum().backward()
    #expect(x.grad?.values == [-6, 0])
  }

  @Test func nanPassesThroughRelu() throws {
    #expect(try Tensor([.nan, -1], shape: [2]).relu().values[0].isNaN)
  }

  @Test func emptyTensorsStayEmpty() throws {
    let empty = Tensor.zeros([2, 0])
    #expect(try (empty + Tensor.ones([2, 1])).shape == [2, 0])
    #expect(try empty.exp().values == [])
  }

  @Test func tellsWhichShapesDoNotBroadcast() {
    let reason = "a shape that broadcasts with [2, 3] expected, got [2]"
    #expect(throws: TensorError(op: "add", argument: "other", reason: reason)) {
      try Tensor.ones([2, 3]) + Tensor.ones([2])
    }
    #expect(TensorError(op: "add", argument: "other", reason: reason).description == "add: other: \(reason)")
  }

  @Test func refusesWhatMemoryCannotHold() throws {
    let error = #expect(throws: TensorError.self) {
      try Tensor.ones([1 << 22, 1]) + Tensor.ones([1 << 22])
    }
    #expect(error?.op == "add")
    let start = "shape [4194304, 4194304] takes 70368.7 GB of memory, "
    #expect(error?.reason.hasPrefix(start) == true)
  }
}
