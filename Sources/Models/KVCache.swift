import Tensors

/// The keys and values of the tokens a decoder has seen, one cache a layer.
public final class KVCache {
  public let capacity: Int
  let layers: [KVLayerCache]

  init(_ spec: ModelSpec, type: DataType, capacity: Int) throws {
    self.capacity = capacity
    layers = try (0..<spec.numHiddenLayers).map { _ in
      try KVLayerCache(
        capacity: capacity, kvHeads: spec.numKeyValueHeads, headWidth: spec.headWidth, type: type)
    }
  }

  /// Tokens seen.
  public var length: Int { layers.first?.length ?? 0 }

  /// Forgets all tokens from `length` on.
  public func truncate(to length: Int) {
    for layer in layers { layer.truncate(to: min(length, layer.length)) }
  }

  /// Attention of rows that continue one document.
  func attend(q: Tensor, k: Tensor, v: Tensor, heads: Int, layer: Int) throws -> Tensor {
    try layers[layer].append(keys: k, values: v)
    return try Tensor.attend(q: q, cache: layers[layer], heads: heads)
  }

  /// Attention of rows each of which continues a document of its own.
  static func attend(_ caches: [KVCache], q: Tensor, k: Tensor, v: Tensor, heads: Int, layer: Int) throws
    -> Tensor
  {
    let layers = caches.map { $0.layers[layer] }
    for (row, cache) in layers.enumerated() {
      try cache.append(keys: k.rows(row..<row + 1), values: v.rows(row..<row + 1))
    }
    return try Tensor.attend(q: q, caches: layers, heads: heads)
  }
}
