import Tensors

/// What every layer of one forward pass needs to know beside its input.
struct Pass {
  /// Position of each token within its document.
  let positions: [Int32]
  let tables: RotaryTables
  let dropout: RandomKey?
  /// The type of what is multiplied: of norms' results, queries, keys, values, gates.
  let type: DataType
  /// What a row can see of the past.
  let context: Context
  /// Whether blocks keep only their inputs for the backward pass, and are run again in it.
  var recomputes = false
  /// Sees what every operation computes: the name of its layer in a Hugging Face folder, its own, the result.
  var observer: ((_ layer: String, _ op: String, _ result: Tensor) throws -> Void)?

  enum Context {
    /// Lengths of the row's documents, in training and scoring.
    case documents([Int])
    /// Past keys and values of the one document that the rows continue, in decoding.
    case cache(KVCache)
    /// Those of the documents that the rows continue, a row each.
    case caches([KVCache])

    /// Whether this is decoding.
    var isCached: Bool {
      if case .documents = self { false } else { true }
    }
  }

  /// Shows a result to the observer, if there is one, and gives it back.
  func observed(_ layer: @autoclosure () -> String, _ op: String, _ result: Tensor) throws -> Tensor {
    try observer?(layer(), op, result)
    return result
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

  /// x (T,C) -> (T,C), added to the residual stream.
  func callAsFunction(_ x: Tensor, _ pass: Pass, addedTo residual: Tensor) throws -> Tensor {
    let queries = try turned(q(x, pass), heads, pass)
    let keys = try turned(k(x, pass), kvHeads, pass)
    let values = try v(x, pass, result: pass.type)
    let mixed =
      switch pass.context {
      case .documents(let lengths):
        try Tensor.attention(
          q: queries, k: keys, v: values, heads: heads, kvHeads: kvHeads, headWidth: headWidth,
          documents: lengths)
      case .cache(let cache):
        try cache.attend(q: queries, k: keys, v: values, heads: heads, layer: layer)
      case .caches(let caches):
        try KVCache.attend(caches, q: queries, k: keys, v: values, heads: heads, layer: layer)
      }
    return try o(pass.observed(name, "attention", mixed), pass, addedTo: residual)
  }

  private func turned(_ x: Tensor, _ heads: Int, _ pass: Pass) throws -> Tensor {
    let turned = try x.rotary(
      heads: heads, headWidth: headWidth, positions: pass.positions, tables: pass.tables, result: pass.type)
    return try pass.observed(name, "rotary", turned)
  }

  private var name: String { q.weight.enclosing(2) }
}
