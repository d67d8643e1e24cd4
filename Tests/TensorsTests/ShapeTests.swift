import Tensors
import TestSupport
import Testing

@Suite struct ShapeTests {
  let x: Tensor
  init() throws { x = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]) }

  @Test func reshapesShareMemory() throws {
    let y = try x.reshape([3, -1])
    #expect(y.shape == [3, 2])
    #expect(y.pointer == x.pointer)
    #expect(try Tensor.ones([1]).reshape([]).shape == [])
    #expect(try Tensor.ones([0, 3]).reshape([3, 0]).shape == [3, 0])
    try checkGradient(shapes: [[2, 3]]) { try $0[0].reshape([6]).pow(2) }
  }

  @Test(arguments: [[4], [-1, 4], [-1, -1], [-2, -3], [-1, 0]])
  func refusesAnotherNumberOfElements(_ shape: [Int]) {
    let reason = "a shape of 6 elements expected, got \(shape)"
    #expect(throws: TensorError(op: "reshape", argument: "shape", reason: reason)) { try x.reshape(shape) }
  }

  @Test func rowsShareMemory() throws {
    let row = try x.rows(1..<2)
    #expect(row.shape == [1, 3])
    #expect(row.values == [4, 5, 6])
    #expect(row.pointer == x.pointer + 3)
    #expect(try x.rows(2..<2).shape == [0, 3])
    try checkGradient(shapes: [[4, 3]]) { try $0[0].rows(1..<3) * $0[0].rows(2..<4) + $0[0].rows(0..<2) }
  }

  @Test func refusesRowsBeyondTheEnd() {
    #expect(
      throws: TensorError(op: "rows", argument: "range", reason: "rows within 0..<2 expected, got 1..<3")
    ) {
      try x.rows(1..<3)
    }
    #expect(
      throws: TensorError(op: "rows", argument: "self", reason: "at least 1 axis expected, got shape []")
    ) {
      try Tensor.scalar(1).rows(0..<1)
    }
  }

  @Test func transposes() throws {
    #expect(try x.transposed().values == [1, 4, 2, 5, 3, 6])
    let batch = Tensor.sample([3, 37, 18])
    let back = try batch.transposed().transposed()
    #expect(back.values == batch.values)
    #expect(try batch.transposed().values[37 * 2 + 5] == batch.values[5 * 18 + 2])
    try checkGradient(shapes: [[2, 3, 4]]) { try $0[0].transposed().pow(2) }
    #expect(
      throws: TensorError(
        op: "transpose", argument: "self", reason: "at least 2 axes expected, got shape [2]")
    ) {
      try Tensor.ones([2]).transposed()
    }
  }

  @Test func concatenates() throws {
    #expect(try Tensor.concatenated([x, x]).shape == [4, 3])
    let wide = try Tensor.concatenated([x, Tensor.zeros([2, 1]), Tensor.ones([2, 0])], axis: -1)
    #expect(wide.values == [1, 2, 3, 0, 4, 5, 6, 0])
    try checkGradient(shapes: [[2, 3, 2], [2, 1, 2]]) {
      try Tensor.concatenated($0 + [$0[0]], axis: 1).pow(2)
    }
  }

  @Test func tellsWhatDoesNotConcatenate() {
    let reason = "shapes equal but for axis 0 expected, got [2, 3] first and [2, 4] at position 1"
    #expect(throws: TensorError(op: "concatenate", argument: "tensors", reason: reason)) {
      try Tensor.concatenated([x, .ones([2, 4])])
    }
    #expect(
      throws: TensorError(
        op: "concatenate", argument: "tensors", reason: "at least 1 tensor expected, got none")
    ) {
      try Tensor.concatenated([])
    }
  }

  @Test func gathersRows() throws {
    #expect(try x.gather([1, 0, 1]).values == [4, 5, 6, 1, 2, 3, 4, 5, 6])
    #expect(try x.gather([]).shape == [0, 3])
    try checkGradient(shapes: [[3, 2]]) { try $0[0].gather([2, 0, 2]).pow(2) + $0[0].gather([2, 2, 1]) }
    let reason = "row numbers from 0 to 1 expected, got 2"
    #expect(throws: TensorError(op: "gather", argument: "ids", reason: reason)) { try x.gather([0, 2]) }
  }
}
