import Tensors
import TestSupport
import Testing

@Suite struct SoftmaxTests {
  @Test("agrees with NumPy", arguments: try Fixture.load("softmax", in: .module))
  func values(_ fixture: Fixture) throws {
    let x = try fixture.tensor("x")
    #expect(try x.softmax().isClose(to: fixture.tensor("softmax"), relative: 1e-6))
    #expect(try x.logSoftmax().isClose(to: fixture.tensor("log_softmax"), relative: 1e-6))
    guard fixture.has("targets") else { return }
    x.requiresGrad = true
    let loss = try x.crossEntropy(targets: fixture.ids("targets"))
    #expect(try [loss.item()].isClose(to: [Float(fixture.number("loss"))], relative: 1e-6))
    try loss.backward()
    // A single column leaves nothing to learn: its gradient is 0 in the reference too.
    #expect(try #require(x.grad).isClose(to: fixture.tensor("dx"), relative: 2e-6))
  }

  @Test(arguments: [[1], [2, 5], [2, 2, 3]])
  func gradients(_ shape: [Int]) throws {
    try checkGradient(shapes: [shape], in: -2...2) { try $0[0].softmax().pow(2) + $0[0] }
    try checkGradient(shapes: [shape], in: -2...2) { try $0[0].logSoftmax() * $0[0] }
  }

  @Test func crossEntropyGradient() throws {
    try checkGradient(shapes: [[4, 5]], in: -2...2) { try $0[0].crossEntropy(targets: [4, -1, 0, 2]) * 3 }
  }

  @Test func crossEntropyIsTheMeanOfLogSoftmaxAtTheTargets() throws {
    let logits = Tensor.sample([2, 3])
    let logarithms = try logits.logSoftmax().values
    let loss = try logits.crossEntropy(targets: [2, 0]).item()
    #expect([loss].isClose(to: [-(logarithms[2] + logarithms[3]) / 2], relative: 1e-6))
  }

  @Test func emptyRows() throws {
    #expect(try Tensor.zeros([0, 3]).softmax().shape == [0, 3])
    #expect(
      throws: TensorError(op: "softmax", argument: "self", reason: "at least 1 axis expected, got shape []")
    ) {
      try Tensor.scalar(1).softmax()
    }
  }

  @Test func tellsWhatIsWrongWithTargets() {
    func error(_ reason: String) -> TensorError {
      TensorError(op: "cross_entropy", argument: "targets", reason: reason)
    }
    let logits = Tensor.ones([2, 3])
    #expect(throws: error("2 targets expected, one per row, got 1")) { try logits.crossEntropy(targets: [0]) }
    #expect(throws: error("columns within 0..<3, or -1, expected, got 3 at position 1")) {
      try logits.crossEntropy(targets: [0, 3])
    }
    #expect(throws: error("at least 1 target other than -1 expected, got none")) {
      try logits.crossEntropy(targets: [-1, -1])
    }
  }
}
