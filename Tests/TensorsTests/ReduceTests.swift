import Tensors
import TestSupport
import Testing

@Suite struct ReduceTests {
  @Test("agrees with NumPy", arguments: try Fixture.load("reduce", in: .module))
  func values(_ fixture: Fixture) throws {
    let x = try fixture.tensor("x")
    let axis = fixture.has("axis") ? Int(try fixture.number("axis")) : nil
    let result: Tensor =
      switch fixture.name {
      case "sum": try axis.map { try x.sum(axis: $0) } ?? x.sum()
      case "mean": try axis.map { try x.mean(axis: $0) } ?? x.mean()
      default: try axis.map { try x.max(axis: $0) } ?? x.max()
      }
    #expect(result.isClose(to: try fixture.tensor("y"), relative: 1e-6))
  }

  @Test(arguments: [0, 1, 2, -1])
  func gradients(_ axis: Int) throws {
    let shapes = [[3, 2, 4]]
    try checkGradient(shapes: shapes) { try $0[0].sum(axis: axis).pow(2) }
    try checkGradient(shapes: shapes) { try $0[0].mean(axis: axis, keepsAxis: true) * $0[0] }
    try checkGradient(shapes: shapes, epsilon: 1e-3) { try $0[0].max(axis: axis).tanh() }
  }

  @Test func gradientsOfTheWhole() throws {
    try checkGradient(shapes: [[3, 4]]) { try $0[0].sum() * $0[0] }
    try checkGradient(shapes: [[3, 4]]) { try $0[0].mean().exp() }
    try checkGradient(shapes: [[3, 4]], epsilon: 1e-3) { try $0[0].max() }
  }

  @Test func keptAxesHaveLengthOne() throws {
    let x = Tensor.ones([2, 3])
    #expect(try x.sum(axis: 0).shape == [3])
    #expect(try x.sum(axis: -1, keepsAxis: true).shape == [2, 1])
    #expect(try x.sum().shape == [])
  }

  @Test func theFirstOfEqualsGetsTheGradient() throws {
    let x = try Tensor([1, 5, 5], shape: [3])
    x.requiresGrad = true
    try x.max().backward()
    #expect(x.grad?.values == [0, 1, 0])
  }

  @Test func nanIsTheLargest() throws {
    #expect(try Tensor([1, .nan, 7], shape: [3]).max().item().isNaN)
  }

  @Test func sumsAreAddedInDoublePrecision() throws {
    // In single precision 2^24 + 1 is 2^24: a plain loop would stay there.
    let x = Tensor.ones([1 << 24 + 1])
    #expect(try x.sum().item() == Float(1 << 24 + 1))
    let tall = Tensor.full(0.1, shape: [100_000, 3])
    #expect(try tall.sum(axis: 0).values.isClose(to: [10_000, 10_000, 10_000], relative: 1e-6))
  }

  @Test func emptyTensors() throws {
    let empty = Tensor.zeros([2, 0])
    #expect(try empty.sum().item() == 0)
    #expect(try empty.sum(axis: 1).values == [0, 0])
    #expect(try empty.max(axis: 0).shape == [0])
    #expect(
      throws: TensorError(
        op: "mean", argument: "self", reason: "at least 1 element expected, got shape [2, 0]")
    ) {
      try empty.mean()
    }
    #expect(throws: TensorError(op: "max", argument: "axis", reason: "axis 1 of shape [2, 0] is empty")) {
      try empty.max(axis: 1)
    }
    #expect(throws: TensorError(op: "mean", argument: "axis", reason: "axis -1 of shape [2, 0] is empty")) {
      try empty.mean(axis: -1)
    }
  }

  @Test func tellsWhichAxesThereAre() {
    #expect(
      throws: TensorError(op: "sum", argument: "axis", reason: "an axis of shape [2, 3] expected, got 2")
    ) {
      try Tensor.ones([2, 3]).sum(axis: 2)
    }
  }
}
