import Tensors
import TestSupport
import Testing

@Suite struct TensorTests {
  @Test func holdsValues() throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(x.count == 6)
    #expect(x.values == [1, 2, 3, 4, 5, 6])
    #expect(Tensor.zeros([2]).values == [0, 0])
    #expect(Tensor.ones([2]).values == [1, 1])
    #expect(Tensor.full(3, shape: [1, 2]).values == [3, 3])
    #expect(try Tensor.scalar(7).item() == 7)
    #expect(Tensor.zeros([0, 4]).values == [])
    #expect(UInt(bitPattern: Tensor.zeros([5]).pointer) % 64 == 0)
  }

  @Test func tellsWhyItCannotBeMade() {
    let reason = "as many elements as the 3 values expected, got shape [2, 2]"
    #expect(throws: TensorError(op: "tensor", argument: "shape", reason: reason)) {
      try Tensor([1, 2, 3], shape: [2, 2])
    }
    let lengths = "lengths of at least 0 with a countable product expected, got [-1, 2]"
    #expect(throws: TensorError(op: "zeros", argument: "shape", reason: lengths)) {
      try Tensor.allocate([-1, 2], op: "zeros")
    }
    #expect(
      throws: TensorError(op: "item", argument: "self", reason: "a single number expected, got shape [2]")
    ) {
      try Tensor.ones([2]).item()
    }
  }

  @Test func copiesAreIndependent() throws {
    let x = Tensor.ones([2])
    let copy = x.copy(purpose: .weights)
    x.fill(5)
    #expect(copy.values == [1, 1])
    #expect(copy.purpose == .weights)
    #expect(x.detached().values == [5, 5])
    try copy.assign(x)
    #expect(copy.values == [5, 5])
    #expect(throws: TensorError(op: "assign", argument: "other", reason: "shape [2] expected, got [3]")) {
      try copy.assign(.ones([3]))
    }
  }

  @Test func borrowedMemoryKeepsItsOwner() throws {
    final class Owner {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: 2)
      init() { memory.initialize(repeating: 4, count: 2) }
      deinit { memory.deallocate() }
    }
    try withoutLeaks { ledger in
      weak var owner: Owner?
      var view: Tensor?
      do {
        let made = Owner()
        owner = made
        view = try Tensor(borrowing: made.memory, shape: [2], owner: made).reshape([1, 2])
      }
      #expect(owner != nil)
      #expect(view?.values == [4, 4])
      #expect(view?.isBorrowed == true)
      #expect(ledger.liveBytes == 0)
      view = nil
      #expect(owner == nil)
    }
  }

  @Test(
    arguments: [
      ([1, 2, 3, 4, 5, 6], [2, 3], "tensor (2, 3) f32 [[1, 2, 3], [4, 5, 6]]"),
      ([3.5], [], "tensor () f32 3.5"),
      ([], [0], "tensor (0) f32 []"),
      ([], [2, 0], "tensor (2, 0) f32 [[], []]"),
      ([0.1, -0.84852814, 1e-5, 123456.78], [4], "tensor (4) f32 [0.1, -0.8485, 1e-05, 1.235e+05]"),
      ([9.9996e-5, -0.00123456, -2.5e20, 1e-30], [4], "tensor (4) f32 [1e-04, -0.0012, -2.5e+20, 1e-30]"),
      ([99999.99, 1234.5, 0.99999, 1e7], [4], "tensor (4) f32 [99999.9922, 1234.5, 1, 1e+07]"),
      ([.nan, .infinity, -.infinity, -0.0], [4], "tensor (4) f32 [nan, inf, -inf, 0]"),
      ([1, 2, 3, 4], [2, 1, 2], "tensor (2, 1, 2) f32 [[[1, 2]], [[3, 4]]]"),
    ] as [([Float], [Int], String)])
  func readsWell(_ values: [Float], _ shape: [Int], _ text: String) throws {
    #expect(try Tensor(values, shape: shape).description == text)
  }

  @Test func longTensorsAreCut() throws {
    let long = try Tensor((0..<100).map(Float.init), shape: [100])
    #expect(long.description == "tensor (100) f32 [0, 1, 2, …, 97, 98, 99]")
    let wide = try Tensor((0..<200).map { Float($0) / 8 }, shape: [10, 20])
    let table = """
      tensor (10, 20) f32
      [[     0,  0.125,   0.25, …,  2.125,   2.25,  2.375],
       [   2.5,  2.625,   2.75, …,  4.625,   4.75,  4.875],
       [     5,  5.125,   5.25, …,  7.125,   7.25,  7.375],
       …,
       [  17.5, 17.625,  17.75, …, 19.625,  19.75, 19.875],
       [    20, 20.125,  20.25, …, 22.125,  22.25, 22.375],
       [  22.5, 22.625,  22.75, …, 24.625,  24.75, 24.875]]
      """
    #expect(wide.description == table)
    let matrices = try Tensor((0..<1200).map(Float.init), shape: [4, 10, 30]).rows(1..<3)
    #expect(matrices.description.contains("\n\n [[600, 601, 602, …, 627, 628, 629],\n  [630,"))
    #expect(Tensor.zeros([30, 2, 1000]).description.split(separator: "\n").count == 6)
  }
}
