import CKernels

extension Tensor {
  /// Causal attention of new rows against a cache that already holds their own keys and values; no gradient.
  ///
  /// `q` is (n, heads * headWidth) for the last n positions of the cache, whose heads of keys must divide
  /// `heads`.
  public static func attend(q: Tensor, cache: KVLayerCache, heads: Int) throws -> Tensor {
    let op = "attend"
    let width = cache.headWidth
    try checkHeads(heads, cache.kvHeads, width, op: op)
    try q.require(axes: 2, as: "q", of: op)
    let rows = q.shape[0]
    try q.require(shape: [rows, heads * width], as: "q", of: op)
    guard rows <= cache.length else {
      let reason = "at most the \(cache.length) rows of the cache expected, got \(rows)"
      throw TensorError(op: op, argument: "q", reason: reason)
    }
    let out = try Tensor.allocate(q.shape, op: op)
    if rows == 1 {
      try attendOne(out: out, q: q, cache: cache, heads: heads)
    } else {
      try attendBlocks(out: out, q: q, cache: cache, heads: heads)
    }
    return out
  }

  /// One row: nothing but reading the cache once, so a kernel of its own per head.
  private static func attendOne(out: Tensor, q: Tensor, cache: KVLayerCache, heads: Int) throws {
    let width = cache.headWidth, stride = cache.kvHeads * width, group = heads / cache.kvHeads
    let size = (cache.length + 15) / 16 * 16
    let scores = Tensor.uninitialized([heads, size])
    try Parallel.rows(heads, cost: 2 * cache.length * width) { piece in
      for head in piece {
        let column = head / group * width
        yy_attention_decode(
          out.pointer + head * width, scores.pointer + head * size, q.pointer + head * width,
          cache.keys.pointer + column, cache.values.pointer + column, 1 / Float(width).squareRoot(),
          cache.length,
          stride, width)
      }
    }
  }

  /// Many rows: the blocks of `attention`, their keys beginning before their queries.
  private static func attendBlocks(out: Tensor, q: Tensor, cache: KVLayerCache, heads: Int) throws {
    let width = cache.headWidth, stride = cache.kvHeads * width, group = heads / cache.kvHeads
    let rows = q.shape[0], before = cache.length - rows, size = AttentionPlan.blockRows
    let blocks = (rows + size - 1) / size, scoreStride = (cache.length + 15) / 16 * 16
    let scratch = Scratch(size: size * scoreStride + size, pieces: blocks * heads)
    let provider = try MatrixProducts.current
    try Parallel.pieces(blocks * heads) { piece in
      let first = piece / heads * size, head = piece % heads
      let count = min(size, rows - first), keys = before + first + count
      let column = head / group * width, queryColumn = first * heads * width + head * width
      scratch.withSlot { scores in
        provider.multiply(
          m: count, n: keys, k: width, alpha: 1 / Float(width).squareRoot(), a: q.pointer + queryColumn,
          lda: heads * width, transposeA: false, b: cache.keys.pointer + column, ldb: stride,
          transposeB: true, beta: 0,
          c: scores, ldc: scoreStride)
        yy_attention_softmax(scores, scores + size * scoreStride, count, scoreStride, before + first + 1)
        provider.multiply(
          m: count, n: width, k: keys, alpha: 1, a: scores, lda: scoreStride, transposeA: false,
          b: cache.values.pointer + column, ldb: stride, transposeB: false, beta: 0,
          c: out.pointer + queryColumn,
          ldc: heads * width)
      }
    }
  }
}
