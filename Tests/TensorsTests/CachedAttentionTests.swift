import TestSupport
import Testing

@testable import Tensors

/// Attention against a cache: what attention over the whole gives, in f32 and bf16, alone and in a batch.
///
/// Serialized: one changes the number of threads.
@Suite(.serialized) struct CachedAttentionTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    let heads: Int
    let kvHeads: Int
    let width: Int
    var testDescription: String { "\(heads)/\(kvHeads) heads of \(width)" }

    /// q, k and v of so many positions.
    func inputs(_ length: Int, _ type: DataType, seed: UInt64 = 1) -> [Tensor] {
      [heads, kvHeads, kvHeads].enumerated().map {
        Tensor.sample([length, $1 * width], seed: seed + UInt64($0), in: -2...2).converted(to: type)
      }
    }

    func cache(_ capacity: Int, _ type: DataType) throws -> KVLayerCache {
      try KVLayerCache(capacity: capacity, kvHeads: kvHeads, headWidth: width, type: type)
    }
  }

  static let shapes = [
    Shape(heads: 4, kvHeads: 2, width: 8), Shape(heads: 3, kvHeads: 1, width: 5),
    Shape(heads: 2, kvHeads: 2, width: 64), Shape(heads: 2, kvHeads: 1, width: 80),
    Shape(heads: 1, kvHeads: 1, width: 128),
  ]

  @Test(arguments: shapes, [DataType.f32, .bf16])
  func cacheGivesTheSameRows(_ shape: Shape, _ type: DataType) throws {
    let x = shape.inputs(140, type)
    let whole = try Tensor.attention(
      q: x[0], k: x[1], v: x[2], heads: shape.heads, kvHeads: shape.kvHeads, headWidth: shape.width,
      documents: [140])
    let cache = try shape.cache(140, type)
    func check(_ range: Range<Int>) throws {
      try cache.append(keys: x[1].rows(range), values: x[2].rows(range))
      let out = try Tensor.attend(q: x[0].rows(range), cache: cache, heads: shape.heads)
      #expect(out.dataType == type)
      // Probabilities of many rows are rounded to bf16 for their product with v, and the result is.
      #expect(try out.isClose(to: whole.rows(range), relative: type == .bf16 ? 0x1p-7 : 1e-5))
    }
    for range in [0..<1, 1..<3, 3..<133, 133..<134, 134..<140] { try check(range) }
    cache.truncate(to: 10)
    try check(10..<11)
  }

  @Test(arguments: shapes, [DataType.f32, .bf16])
  func aRowHasTheSameBitsAloneAndInABatch(_ shape: Shape, _ type: DataType) throws {
    let lengths = [1, 70, 3, 16, 40]
    let caches = try lengths.enumerated().map { number, length in
      let x = shape.inputs(length, type, seed: UInt64(10 * number + 1)), cache = try shape.cache(90, type)
      try cache.append(keys: x[1], values: x[2])
      return cache
    }
    let q = shape.inputs(lengths.count, type, seed: 99)[0]
    let alone = try lengths.indices.map {
      try Tensor.attend(q: q.rows($0..<$0 + 1), cache: caches[$0], heads: shape.heads).values
    }
    for threads in [1, 2, 4] {
      let together = try withThreads(threads) { try Tensor.attend(q: q, caches: caches, heads: shape.heads) }
      #expect(together.values == alone.flatMap(\.self))
    }
  }

  @Test func aCacheOfBFloat16TakesHalfTheMemory() throws {
    func bytes(_ type: DataType) throws -> Int {
      let cache = try KVLayerCache(capacity: 10, kvHeads: 2, headWidth: 8, type: type)
      return cache.keys.byteCount + cache.values.byteCount
    }
    #expect(try bytes(.f32) == 2 * 10 * 16 * 4)
    #expect(try bytes(.bf16) == 2 * 10 * 16 * 2)
  }

  @Test func messagesNameTheArgument() throws {
    func fails(_ argument: String, _ reason: String, op: String = "attend", _ body: () throws -> Void) {
      #expect(throws: TensorError(op: op, argument: argument, reason: reason)) { try body() }
    }
    let rows = Tensor.ones([3, 4])
    let cache = try KVLayerCache(capacity: 4, kvHeads: 1, headWidth: 4)
    fails("caches", "at least 1 row in each expected") {
      _ = try Tensor.attend(q: .ones([1, 8]), cache: cache, heads: 2)
    }
    try cache.append(keys: rows, values: rows)
    fails("keys", "at most 1 more of 4 rows expected, got 3", op: "cache") {
      try cache.append(keys: rows, values: rows)
    }
    fails("q", "at most the 3 rows of the cache expected, got 4") {
      _ = try Tensor.attend(q: .ones([4, 8]), cache: cache, heads: 2)
    }
    fails("q", "2 rows expected, one a cache, got 3") {
      _ = try Tensor.attend(q: .ones([3, 8]), caches: [cache, cache], heads: 2)
    }
    fails("q", "shape [2, 12] expected, got [2, 8]") {
      _ = try Tensor.attend(q: .ones([2, 8]), caches: [cache, cache], heads: 3)
    }
  }
}
