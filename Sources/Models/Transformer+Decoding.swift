public import Tensors

extension Transformer {
  /// An empty cache for `capacity` tokens; throws when the context is shorter than that, naming both numbers.
  public func makeCache(capacity: Int) throws -> KVCache {
    guard capacity > 0 else {
      throw ModelError(argument: "capacity", reason: "a positive number expected, got \(capacity)")
    }
    try checkContext(capacity, of: "capacity")
    return try KVCache(spec, type: types.compute, capacity: capacity)
  }

  /// Feeds the next tokens of a document to the cache and returns the logits behind the last of them.
  ///
  /// When it throws, the cache is as it was.
  public func advance(_ ids: [Int32], cache: KVCache) throws -> [Float] {
    let start = cache.length
    guard start + ids.count <= cache.capacity else {
      throw ModelError(
        argument: "ids", reason: "\(start + ids.count) tokens do not fit into the cache of \(cache.capacity)")
    }
    do {
      return try withoutGradients {
        let positions = (start..<start + ids.count).map { Int32($0) }
        let rows = try run(
          ids,
          Pass(
            positions: positions, tables: tables(), dropout: nil, type: types.compute, context: .cache(cache))
        )
        return try rows.rows(ids.count - 1..<ids.count).linear(weight: head.tensor, readsOnce: true)
          .values
      }
    } catch {
      cache.truncate(to: start)
      throw error
    }
  }

  /// Feeds one token to each of some caches and returns the logits behind each.
  ///
  /// A row of logits has the bits that `advance([id], cache: cache)` would give. Every weight is read once for
  /// as many caches as `Tensor.fewRows`. When it throws, the caches are as they were.
  public func advance(_ ids: [Int32], caches: [KVCache]) throws -> [[Float]] {
    precondition(ids.count == caches.count, "a token for each cache")
    let lengths = caches.map(\.length)
    guard let full = caches.indices.first(where: { lengths[$0] >= caches[$0].capacity }) else {
      do {
        return try stride(from: 0, to: ids.count, by: Tensor.fewRows).flatMap { first in
          let rows = first..<min(first + Tensor.fewRows, ids.count)
          return try advanceTogether(Array(ids[rows]), Array(caches[rows]))
        }
      } catch {
        for (cache, length) in zip(caches, lengths) { cache.truncate(to: length) }
        throw error
      }
    }
    throw ModelError(
      argument: "ids",
      reason: "\(lengths[full] + 1) tokens do not fit into the cache of \(caches[full].capacity)")
  }

  private func advanceTogether(_ ids: [Int32], _ caches: [KVCache]) throws -> [[Float]] {
    try withoutGradients {
      let logits = try run(
        ids,
        Pass(
          positions: caches.map { Int32($0.length) }, tables: tables(), dropout: nil, type: types.compute,
          context: .caches(caches))
      ).linear(weight: head.tensor, readsOnce: true)
      return try ids.indices.map { try logits.rows($0..<$0 + 1).values }
    }
  }

  /// For each target but -1: its log-probability after the ids before it, the entropy there and its rank; no
  /// gradient.
  public func tokenScores(ids: [Int32], targets: [Int32], documents: [Int]) throws -> [TokenScore?] {
    try withoutGradients {
      try hidden(ids, documents: documents).tokenScores(weight: head.tensor, targets: targets)
    }
  }
}
