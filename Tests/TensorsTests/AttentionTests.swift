import TestSupport
import Testing

@testable import Tensors

/// Serialized: some change the number of threads or look at the memory in use.
@Suite(.serialized) struct AttentionTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    var heads = 2
    var kvHeads = 2
    var width = 8
    var documents = [5]
    var length: Int { documents.reduce(0, +) }
    var testDescription: String { "\(heads)/\(kvHeads) heads of \(width), documents \(documents)" }

    func inputs(seed: UInt64 = 1) -> [Tensor] {
      [heads, kvHeads, kvHeads].enumerated().map {
        Tensor.sample([length, $1 * width], seed: seed + UInt64($0), in: -2...2)
      }
    }

    func attention(_ x: [Tensor]) throws -> Tensor {
      try .attention(
        q: x[0], k: x[1], v: x[2], heads: heads, kvHeads: kvHeads, headWidth: width, documents: documents)
    }

    /// The result and the gradients of q, k and v.
    func run(_ x: [Tensor], _ f: ([Tensor]) throws -> Tensor) throws -> [Tensor] {
      let x = x.map { $0.copy() }
      for input in x { input.requiresGrad = true }
      let out = try f(x)
      try out.backward(gradient: .sample(out.shape, seed: 99))
      return [out.detached()] + x.compactMap(\.grad)
    }

    /// The same with generic operations only, one head and one document at a time.
    func spelled(_ x: [Tensor]) throws -> Tensor {
      var start = 0
      let perDocument = try documents.map { length in
        defer { start += length }
        let mask = Tensor.zeros([length, length])
        for row in 0..<length {
          for column in 0..<length where column > row { mask.pointer[row * length + column] = -.infinity }
        }
        let columns = try (0..<heads).map { head in
          let key = head / (heads / kvHeads)
          let q = try x[0].rows(start..<start + length).columns(head * width, width)
          let k = try x[1].rows(start..<start + length).columns(key * width, width)
          let v = try x[2].rows(start..<start + length).columns(key * width, width)
          let scores = try q.matmul(k.transposed()) * (1 / Float(width).squareRoot()) + mask
          return try scores.softmax().matmul(v)
        }
        return try Tensor.concatenated(columns, axis: 1)
      }
      return try Tensor.concatenated(perDocument, axis: 0)
    }
  }

  @Test(arguments: [
    Shape(documents: [1]), Shape(heads: 1, kvHeads: 1, width: 1, documents: [1, 1]),
    Shape(heads: 4, kvHeads: 1, width: 7, documents: [6, 3]),
    Shape(heads: 3, kvHeads: 3, width: 48, documents: [9]),
    Shape(heads: 4, kvHeads: 2, width: 64, documents: [65, 64, 1]),
    Shape(heads: 1, kvHeads: 1, width: 128, documents: [130]),
  ])
  func equalsItsSpelling(_ shape: Shape) throws {
    let x = shape.inputs()
    let fused = try shape.run(x, shape.attention), spelled = try shape.run(x, shape.spelled)
    #expect(fused.count == 4)
    for (a, b) in zip(fused, spelled) { #expect(a.isClose(to: b)) }
  }

  @Test(arguments: [Shape(heads: 2, kvHeads: 1, width: 3, documents: [4, 2]), Shape(documents: [3])])
  func gradientAgreesWithFiniteDifferences(_ shape: Shape) throws {
    try checkGradient(shapes: shape.inputs().map(\.shape)) { try shape.attention($0) }
  }

  @Test func documentsDoNotSeeEachOther() throws {
    let shape = Shape(heads: 4, kvHeads: 2, width: 8, documents: [70, 90])
    let x = shape.inputs(), changed = shape.inputs(seed: 50).map { $0.copy() }
    for (one, other) in zip(x, changed) {
      let columns = one.shape[1]
      (other.pointer + 70 * columns).update(from: one.pointer + 70 * columns, count: 90 * columns)
    }
    let packed = try shape.run(x, shape.attention), second = try shape.run(changed, shape.attention)
    for (a, b) in zip(packed, second) {
      #expect(try a.rows(70..<160).values == b.rows(70..<160).values)
      #expect(try a.rows(0..<70).values != b.rows(0..<70).values)
    }
    let alone = Shape(heads: 4, kvHeads: 2, width: 8, documents: [90])
    let out = try alone.attention(x.map { try $0.rows(70..<160) })
    #expect(try out.isClose(to: packed[0].rows(70..<160), relative: 1e-6))
  }

  @Test func laterRowsDoNotChangeEarlierOnes() throws {
    let shape = Shape(documents: [100]), x = shape.inputs()
    let before = try shape.attention(x)
    for tensor in x { tensor.pointer[tensor.count - 1] += 1 }
    #expect(try shape.attention(x).rows(0..<99).values == before.rows(0..<99).values)
  }

  @Test func threadsChangeNoBit() throws {
    let shape = Shape(heads: 4, kvHeads: 2, width: 16, documents: [130, 7, 63])
    let results = try [1, 2, 4].map { number in
      try withThreads(number) { try shape.run(shape.inputs(), shape.attention).map(\.values) }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test func memoryGrowsWithTheLengthOnly() throws {
    let ledger = StorageLedger()
    try StorageLedger.$current.withValue(ledger) {
      let shape = Shape(heads: 8, kvHeads: 8, width: 16, documents: [1024])
      let x = shape.inputs()
      for tensor in x { tensor.requiresGrad = true }
      let before = ledger.liveBytes
      let out = try shape.attention(x)
      // The result and one number per row and head.
      #expect(ledger.liveBytes - before <= (1024 * 128 + 8 * 1024) * 4)
      ledger.resetPeak()
      try out.backward(gradient: .ones(out.shape))
      // Gradients and arguments are 3 MB, and each thread has two blocks of 64 x 1024 scores, half a MB; other
      // tests may have raised the number of threads. The whole scores of the eight heads would be 34 MB.
      #expect(ledger.peakBytes - before <= 8_000_000)
    }
    #expect(ledger.liveBytes == 0)
  }

  @Test func messagesNameTheArgument() throws {
    func fails(_ argument: String, _ reason: String, op: String = "attention", _ body: () throws -> Void) {
      #expect(throws: TensorError(op: op, argument: argument, reason: reason)) { try body() }
    }
    let q = Tensor.ones([3, 8]), kv = Tensor.ones([3, 4])
    func run(
      _ q: Tensor, _ k: Tensor, heads: Int = 2, kvHeads: Int = 1, width: Int = 4, _ documents: [Int] = [3]
    ) throws {
      _ = try Tensor.attention(
        q: q, k: k, v: kv, heads: heads, kvHeads: kvHeads, headWidth: width, documents: documents)
    }
    fails("q", "2 axes expected, got shape [24]") { try run(q.reshape([24]), kv) }
    fails("q", "shape [3, 12] expected, got [3, 8]") { try run(q, kv, heads: 3) }
    fails("k", "shape [3, 4] expected, got [3, 8]") { try run(q, q) }
    fails("kvHeads", "a divisor of the 2 heads expected, got 3") { try run(q, kv, kvHeads: 3) }
    fails("heads", "at least 1 expected, got 0") { try run(q, kv, heads: 0) }
    fails("headWidth", "at least 1 expected, got 0") { try run(q, kv, width: 0) }
    fails("documents", "positive lengths that sum to 3 expected, got [2, 2]") { try run(q, kv, [2, 2]) }
    fails("documents", "positive lengths that sum to 3 expected, got [3, 0]") { try run(q, kv, [3, 0]) }
  }
}

extension Tensor {
  /// Columns first ..< first + count of a matrix.
  fileprivate func columns(_ first: Int, _ count: Int) throws -> Tensor {
    try transposed().rows(first..<first + count).transposed()
  }
}
