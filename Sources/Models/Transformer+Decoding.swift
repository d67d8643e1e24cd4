public import Tensors

extension Transformer {
  /// An empty cache for `capacity` tokens; throws when the context is shorter than that, naming both numbers.
  public func makeCache(capacity: Int) throws -> KVCache {
    guard capacity > 0 else {
      throw ModelError(argument: "capacity", reason: "a positive number expected, got \(capacity)")
    }
    try checkContext(capacity, of: "capacity")
    return try KVCache(spec, capacity: capacity)
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
        return try rows.rows(ids.count - 1..<ids.count).linear(weight: head.tensor).values
      }
    } catch {
      cache.truncate(to: start)
      throw error
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
