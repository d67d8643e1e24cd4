import Tensors

/// What every layer of one forward pass needs to know beside its input.
struct Pass {
  /// Position of each token within its document.
  let positions: [Int32]
  let tables: RotaryTables
  let dropout: RandomKey?
  /// The type of what is multiplied: of norms' results, queries, keys, values, gates.
  let type: DataType
  /// Lengths of the row's documents in training and scoring; the cache of past keys and values in decoding.
  let context: Context

  enum Context {
    case documents([Int])
    case cache(KVCache)

    var isCached: Bool {
      if case .cache = self { true } else { false }
    }
  }
}

/// Causal attention with rotary positions and, where the spec says so, fewer key-value heads than heads.
struct Attention {
  let q: Projection
  let k: Projection
  let v: Projection
  let o: Projection
  let heads: Int
  let kvHeads: Int
  let headWidth: Int
  let layer: Int

  init(_ shelf: ParameterShelf, _ spec: ModelSpec, layer: Int) {
    q = shelf.projection(.q, layer)
    k = shelf.projection(.k, layer)
    v = shelf.projection(.v, layer)
    o = shelf.projection(.o, layer)
    heads = spec.numAttentionHeads
    kvHeads = spec.numKeyValueHeads
    headWidth = spec.headWidth
    self.layer = layer
  }

  /// x (T,C) -> (T,C).
  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let type = pass.context.isCached ? .f32 : pass.type
    let queries = try turned(q(x, pass), heads, pass, type)
    let keys = try turned(k(x, pass), kvHeads, pass, type)
    let values = try v(x, pass, result: type)
    let mixed =
      switch pass.context {
      case .documents(let lengths):
        try Tensor.attention(
          q: queries, k: keys, v: values, heads: heads, kvHeads: kvHeads, headWidth: headWidth,
          documents: lengths)
      case .cache(let cache):
        try cache.attend(q: queries, k: keys, v: values, heads: heads, layer: layer)
      }
    return try o(mixed.converted(to: pass.type), pass)
  }

  private func turned(_ x: Tensor, _ heads: Int, _ pass: Pass, _ type: DataType) throws -> Tensor {
    try x.rotary(
      heads: heads, headWidth: headWidth, positions: pass.positions, tables: pass.tables, result: type)
  }
}
