import CKernels

extension Tensor {
  /// Causal attention of new rows against a cache that already holds their own keys and values; no gradient.
  ///
  /// `q` is (n, heads * headWidth) for the last n positions of the cache, whose heads of keys must divide
  /// `heads`. The result has the type of `q`, which is that of the cache.
  public static func attend(q: Tensor, cache: KVLayerCache, heads: Int) throws -> Tensor {
    let rows = try q.rowsAndColumns(op: "attend", argument: "q").rows
    guard rows != 1 else { return try attend(q: q, caches: [cache], heads: heads) }
    try check(q, heads: heads, cache)
    guard rows <= cache.length else {
      let reason = "at most the \(cache.length) rows of the cache expected, got \(rows)"
      throw TensorError(op: "attend", argument: "q", reason: reason)
    }
    let plan = AttentionPlan(
      heads: heads, kvHeads: cache.kvHeads, width: cache.headWidth, documents: [rows],
      before: cache.length - rows, capacity: cache.capacity)
    let out = try Tensor.allocate(q.shape, type: q.dataType, op: "attend")
    try AttentionForward(plan, q: q, k: cache.keys, v: cache.values)
      .run(out: out, lse: Tensor.uninitialized([heads, rows]))
    return out
  }

  /// Attention of the last position of some caches of one layer's shape; no gradient.
  ///
  /// `q` is (n, heads * headWidth), a row for each of the n caches. A row's bits do not depend on the others.
  public static func attend(q: Tensor, caches: [KVLayerCache], heads: Int) throws -> Tensor {
    let op = "attend"
    for cache in caches { try check(q, heads: heads, cache) }
    guard let first = caches.first, caches.count == q.shape[0] else {
      let reason = "\(caches.count) rows expected, one a cache, got \(q.shape.first ?? 0)"
      throw TensorError(op: op, argument: "q", reason: reason)
    }
    guard caches.allSatisfy({ $0.length > 0 }) else {
      throw TensorError(op: op, argument: "caches", reason: "at least 1 row in each expected")
    }
    let width = first.headWidth, group = heads / first.kvHeads
    let length = caches.reduce(0) { Swift.max($0, $1.length) }, size = (length + 15) / 16 * 16
    let out = try Tensor.allocate(q.shape, type: q.dataType, op: op)
    let scores = Tensor.uninitialized([caches.count * heads, size])
    try Parallel.rows(caches.count * heads, cost: 2 * length * width) { piece in
      for place in piece {
        let elements = place * width..<(place + 1) * width
        q.withFloats(elements) { q in
          out.withNewFloats(elements) { out in
            caches[place / heads].attend(
              out, scores.pointer + place * size, q, head: place % heads / group)
          }
        }
      }
    }
    return out
  }

  private static func check(_ q: Tensor, heads: Int, _ cache: KVLayerCache) throws {
    try checkHeads(heads, cache.kvHeads, cache.headWidth, op: "attend")
    try q.require(axes: 2, as: "q", of: "attend")
    try q.require(shape: [q.shape[0], heads * cache.headWidth], as: "q", of: "attend")
    precondition(q.dataType == cache.keys.dataType, "queries have the type of the cache")
  }
}

extension KVLayerCache {
  /// One head of a query against a head of keys and values.
  fileprivate func attend(
    _ out: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ q: UnsafePointer<Float>,
    head: Int
  ) {
    let scale = 1 / Float(headWidth).squareRoot(), first = head * capacity * headWidth
    switch (keys.matrix + first, values.matrix + first) {
    case (.bf16(let k), .bf16(let v)):
      yy_attention_decode_bf16(out, scores, q, k, v, scale, length, headWidth, headWidth)
    case (.f32(let k), .f32(let v)):
      yy_attention_decode(out, scores, q, k, v, scale, length, headWidth, headWidth)
    default: preconditionFailure("keys and values have one type")
    }
  }
}
