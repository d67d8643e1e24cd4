import Processes
public import Tensors

/// A decoder-only transformer.
///
/// One sequence (a packed row) is the unit of work of every method.
public final class Transformer {
  public internal(set) var spec: ModelSpec
  /// The types of its weights and activations.
  public let types: WeightTypes
  let embedding: Parameter
  let blocks: [Block]
  let norm: Parameter
  /// The output matrix where it is not the embedding.
  var untiedHead: Parameter?
  private var rotaryTables: RotaryTables?

  init(_ spec: ModelSpec, types: WeightTypes = .f32, from source: some ParameterSource) throws {
    try spec.validate()
    self.types = types
    let parameters = try ParameterLayout(spec).places.map { place in
      try Interrupt.check()
      let type = types.type(of: place.kind)
      return Parameter(place, tensor: try source.tensor(place, for: type).kept(as: type, name: place.name))
    }
    let shelf = ParameterShelf(parameters)
    self.spec = spec
    embedding = shelf.take(.embedding)
    blocks = (0..<spec.numHiddenLayers).map { Block(shelf, spec, layer: $0) }
    norm = shelf.take(.norm)
    untiedHead = shelf.optional(.head)
    for parameter in parameters { parameter.isTrainable = parameter.canBeTrained }
  }

  /// The output matrix (V,C): the embedding itself when tied, so that the gradients of both uses add up.
  public var head: Parameter { untiedHead ?? embedding }

  /// All parameters in the order of Transformers' `named_parameters`, each linear followed by its adapter.
  public var parameters: [Parameter] {
    [embedding] + blocks.flatMap(\.parameters) + [norm] + (untiedHead.map { [$0] } ?? [])
  }

  /// Those that training updates.
  public var trainable: [Parameter] { parameters.filter(\.isTrainable) }

  var projections: [Projection] { blocks.flatMap(\.projections) }

  /// The rows after the last norm, (T,C).
  ///
  /// - Parameters:
  ///   - ids: the token ids of one row.
  ///   - documents: lengths that sum to `ids.count`; attention and positions stay inside each.
  ///   - dropout: the key of this row's dropout; nil for none.
  ///   - recompute: whether only each block's input is kept for the backward pass, which then runs the block
  ///     again; no bit of a result or gradient changes.
  public func hidden(
    _ ids: [Int32], documents: [Int], dropout: RandomKey? = nil, recompute: Bool = false
  ) throws -> Tensor {
    try run(ids, pass(over: ids, documents: documents, dropout: dropout, recompute: recompute))
  }

  /// A pass over whole documents.
  func pass(over ids: [Int32], documents: [Int], dropout: RandomKey?, recompute: Bool) throws -> Pass {
    var positions: [Int32] = []
    positions.reserveCapacity(ids.count)
    for length in documents {
      try checkContext(length, of: "documents")
      positions.append(contentsOf: (0..<Int32(max(0, length))))
    }
    guard positions.count == ids.count else {
      throw ModelError(
        argument: "documents", reason: "lengths that sum to \(ids.count) expected, got \(positions.count)")
    }
    return Pass(
      positions: positions, tables: tables(), dropout: dropout, type: types.compute,
      context: .documents(documents), recomputes: recompute)
  }

  func run(_ ids: [Int32], _ pass: Pass) throws -> Tensor {
    try check(ids)
    var x = try pass.observed(embedding.enclosing(1), "embedding", embedding.tensor.embedding(ids))
    for block in blocks {
      try Interrupt.check()
      x =
        pass.recomputes
        ? try x.recomputed(leaves: block.parameters.map(\.tensor)) { try block($0, pass) }
        : try block(x, pass)
    }
    return try pass.observed(
      norm.enclosing(1), "rms_norm",
      x.rmsNorm(weight: norm.tensor, eps: spec.rmsNormEps, result: pass.type))
  }

  /// scale times the sum of the negative log-likelihoods of `targets`, where -1 stands for "not trained".
  public func loss(
    ids: [Int32], targets: [Int32], documents: [Int], scale: Float = 1, dropout: RandomKey? = nil,
    recompute: Bool = false
  ) throws -> Tensor {
    guard targets.count == ids.count else {
      throw ModelError(argument: "targets", reason: "\(ids.count) expected, one an id, got \(targets.count)")
    }
    return try hidden(ids, documents: documents, dropout: dropout, recompute: recompute)
      .linearCrossEntropy(weight: head.tensor, targets: targets, scale: scale)
  }

  /// The logits of one document, (T,V).
  public func logits(_ ids: [Int32]) throws -> Tensor {
    try checkContext(ids.count, of: "ids")
    return try hidden(ids, documents: [ids.count]).linear(weight: head.tensor)
  }

  func checkContext(_ length: Int, of argument: String) throws {
    guard length <= spec.maxPositionEmbeddings else {
      throw ModelError(
        argument: argument,
        reason: "\(length) tokens do not fit into the model's context of \(spec.maxPositionEmbeddings)")
    }
  }

  private func check(_ ids: [Int32]) throws {
    guard !ids.isEmpty else { throw ModelError(argument: "ids", reason: "at least one token id expected") }
    if let stray = ids.first(where: { $0 < 0 || $0 >= spec.vocabSize }) {
      throw ModelError(
        argument: "ids", reason: "token id \(stray) is not in the vocabulary of \(spec.vocabSize)")
    }
  }

  /// Cosines and sines for the whole context, made at first use.
  func tables() -> RotaryTables {
    if let rotaryTables { return rotaryTables }
    let made = RotaryTables(
      base: Float(spec.ropeTheta), headWidth: spec.headWidth, length: spec.maxPositionEmbeddings,
      linearFactor: Float(spec.ropeLinearFactor))
    rotaryTables = made
    return made
  }
}
