import Tensors

/// Parameters on their way into layers, each taken by kind and layer.
struct ParameterShelf {
  private let parameters: [Key: Parameter]

  private struct Key: Hashable {
    let kind: ParameterKind
    let layer: Int?
  }

  init(_ parameters: [Parameter]) {
    self.parameters = .init(
      uniqueKeysWithValues: parameters.map { (Key(kind: $0.kind, layer: $0.layer), $0) })
  }

  func optional(_ kind: ParameterKind, _ layer: Int? = nil) -> Parameter? {
    parameters[Key(kind: kind, layer: layer)]
  }

  func take(_ kind: ParameterKind, _ layer: Int? = nil) -> Parameter {
    guard let parameter = optional(kind, layer) else {
      preconditionFailure("the layout holds every parameter")
    }
    return parameter
  }

  func projection(_ module: BlockModule, _ layer: Int) -> Projection {
    Projection(
      module, layer: layer, weight: take(.weight(module), layer), bias: optional(.bias(module), layer))
  }
}

/// Attention and feed-forward network around their residual stream, each behind its norm.
struct Block {
  let attentionNorm: Parameter
  let attention: Attention
  let feedForwardNorm: Parameter
  let feedForward: FeedForward
  let eps: Float

  init(_ shelf: ParameterShelf, _ spec: ModelSpec, layer: Int) {
    attentionNorm = shelf.take(.blockNorm(.attentionNorm), layer)
    attention = Attention(shelf, spec, layer: layer)
    feedForwardNorm = shelf.take(.blockNorm(.feedForwardNorm), layer)
    feedForward = FeedForward(shelf, layer: layer)
    eps = spec.rmsNormEps
  }

  var projections: [Projection] {
    [attention.q, attention.k, attention.v, attention.o, feedForward.gate, feedForward.up, feedForward.down]
  }

  var parameters: [Parameter] { projections.flatMap(\.parameters) + [attentionNorm, feedForwardNorm] }

  /// x (T,C) -> (T,C).
  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let h = try attention(normed(x, attentionNorm, pass), pass, addedTo: x)
    return try feedForward(normed(h, feedForwardNorm, pass), pass, addedTo: h)
  }

  private func normed(_ x: Tensor, _ norm: Parameter, _ pass: Pass) throws -> Tensor {
    try pass.observed(
      norm.enclosing(1), "rms_norm", x.rmsNorm(weight: norm.tensor, eps: eps, result: pass.type))
  }
}

/// The gated feed-forward network: down(silu(gate(x)) * up(x)).
struct FeedForward {
  let gate: Projection
  let up: Projection
  let down: Projection

  init(_ shelf: ParameterShelf, layer: Int) {
    gate = shelf.projection(.gate, layer)
    up = shelf.projection(.up, layer)
    down = shelf.projection(.down, layer)
  }

  func callAsFunction(_ x: Tensor, _ pass: Pass, addedTo residual: Tensor) throws -> Tensor {
    let gated = try gate(x, pass, result: pass.type)
    let lifted = try up(x, pass, result: pass.type)
    let product = try pass.observed(gate.weight.enclosing(2), "silu_multiply", gated.siluMultiply(lifted))
    return try down(product, pass, addedTo: residual)
  }
}
