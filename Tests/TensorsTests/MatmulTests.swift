import Tensors
import TestSupport
import Testing

@Suite struct MatmulTests {
  @Test("agrees with NumPy", arguments: try Fixture.load("matmul", in: .module))
  func values(_ fixture: Fixture) throws {
    let result = try fixture.tensor("a").matmul(fixture.tensor("b"))
    #expect(result.isClose(to: try fixture.tensor("y"), relative: 1e-6))
  }

  @Test(arguments: [
    [[2, 3], [3, 4]], [[1, 3], [3, 2]], [[3, 2], [2, 1]], [[2, 3, 2], [2, 2, 3]], [[2, 3, 2], [2, 2]],
  ])
  func gradients(_ shapes: [[Int]]) throws {
    try checkGradient(shapes: shapes) { try $0[0].matmul($0[1]).pow(2) }
  }

  @Test func onlyTheGradientThatIsWanted() throws {
    let (a, b) = (Tensor.ones([2, 2]), Tensor.ones([2, 2]))
    b.requiresGrad = true
    try a.matmul(b).sum().backward()
    #expect(a.grad == nil)
    #expect(b.grad?.values == [2, 2, 2, 2])
  }

  @Test func tellsWhichShapeIsExpected() {
    #expect(throws: TensorError(op: "matmul", argument: "other", reason: "shape [3, n] expected, got [2, 4]"))
    {
      try Tensor.ones([2, 3]).matmul(.ones([2, 4]))
    }
    let reason = "shape [4, n] or [2, 4, n] expected, got [3, 4, 5]"
    #expect(throws: TensorError(op: "matmul", argument: "other", reason: reason)) {
      try Tensor.ones([2, 3, 4]).matmul(.ones([3, 4, 5]))
    }
    #expect(
      throws: TensorError(
        op: "matmul", argument: "other", reason: "shape [4, n] or [2, 4, n] expected, got [3, 4]")
    ) {
      try Tensor.ones([2, 3, 4]).matmul(.ones([3, 4]))
    }
    #expect(
      throws: TensorError(op: "matmul", argument: "self", reason: "2 or 3 axes expected, got shape [3]")
    ) {
      try Tensor.ones([3]).matmul(.ones([3, 4]))
    }
  }
}
