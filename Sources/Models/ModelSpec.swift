/// What a `Transformer` is built from: sizes and switches under the names of `config.json`, in camelCase.
public struct ModelSpec: Equatable, Sendable {
  /// The family, as `model_type` names it.
  public var architecture = "llama"
  public var vocabSize: Int
  public var hiddenSize: Int
  public var intermediateSize: Int
  public var numHiddenLayers: Int
  public var numAttentionHeads: Int
  public var numKeyValueHeads: Int
  /// Numbers per head (`head_dim`); need not be hiddenSize / numAttentionHeads.
  public var headWidth: Int
  /// The longest context, in tokens.
  public var maxPositionEmbeddings = 2048
  public var rmsNormEps: Float = 1e-5
  public var ropeTheta = 10000.0
  /// Positions are divided by this (`rope_type` linear); 1 leaves them as they are.
  public var ropeLinearFactor = 1.0
  /// Biases on q, k and v.
  public var attentionBias = false
  /// A bias on o.
  public var outputBias = false
  /// Biases on gate, up and down.
  public var mlpBias = false
  public var tieWordEmbeddings = false
  /// Standard deviation of new weights.
  public var initializerRange: Float = 0.02
  public var bosTokenID: Int? = 1
  public var eosTokenIDs: [Int] = [2]
  public var padTokenID: Int?

  /// What is not given follows from the rest: intermediate size 8/3 of the hidden size rounded up to 256, as
  /// many key-value heads as heads, and head width hiddenSize / numAttentionHeads.
  public init(
    vocabSize: Int, hiddenSize: Int, numHiddenLayers: Int, numAttentionHeads: Int,
    intermediateSize: Int? = nil,
    numKeyValueHeads: Int? = nil, headWidth: Int? = nil
  ) {
    self.vocabSize = vocabSize
    self.hiddenSize = hiddenSize
    self.numHiddenLayers = numHiddenLayers
    self.numAttentionHeads = numAttentionHeads
    self.intermediateSize = intermediateSize ?? Self.defaultIntermediateSize(hiddenSize)
    self.numKeyValueHeads = numKeyValueHeads ?? numAttentionHeads
    self.headWidth = headWidth ?? (numAttentionHeads > 0 ? hiddenSize / numAttentionHeads : 0)
  }

  static func defaultIntermediateSize(_ hiddenSize: Int) -> Int { (hiddenSize * 8 / 3 + 255) / 256 * 256 }

  /// Width of all query heads together.
  public var queryWidth: Int { numAttentionHeads * headWidth }
  /// Width of all key (or value) heads together.
  public var keyValueWidth: Int { numKeyValueHeads * headWidth }

  /// Throws `ModelError` naming the field that cannot be.
  public func validate() throws {
    let sizes = [
      ("vocab_size", vocabSize), ("hidden_size", hiddenSize), ("intermediate_size", intermediateSize),
      ("num_hidden_layers", numHiddenLayers), ("num_attention_heads", numAttentionHeads),
      ("num_key_value_heads", numKeyValueHeads), ("max_position_embeddings", maxPositionEmbeddings),
    ]
    for (name, size) in sizes {
      guard size > 0 else {
        throw ModelError(argument: name, reason: "a positive number expected, got \(size)")
      }
      guard size < 1 << 31 else { throw ModelError(argument: name, reason: "\(size) is too large") }
    }
    if headWidth * numAttentionHeads != hiddenSize, headWidth == hiddenSize / numAttentionHeads {
      throw ModelError(
        argument: "num_attention_heads",
        reason: "\(numAttentionHeads) heads do not divide hidden_size \(hiddenSize) and head_dim is not given"
      )
    }
    guard headWidth > 0, headWidth % 2 == 0, headWidth < 1 << 16 else {
      throw ModelError(argument: "head_dim", reason: "an even positive number expected, got \(headWidth)")
    }
    guard numAttentionHeads % numKeyValueHeads == 0 else {
      throw ModelError(
        argument: "num_key_value_heads",
        reason: "\(numKeyValueHeads) does not divide num_attention_heads \(numAttentionHeads)")
    }
    guard rmsNormEps > 0, rmsNormEps.isFinite else {
      throw ModelError(argument: "rms_norm_eps", reason: "a positive number expected, got \(rmsNormEps)")
    }
    guard ropeTheta > 0, ropeTheta.isFinite else {
      throw ModelError(argument: "rope_theta", reason: "a positive number expected, got \(ropeTheta)")
    }
    guard ropeLinearFactor >= 1, ropeLinearFactor.isFinite else {
      throw ModelError(
        argument: "rope_scaling", reason: "a factor of at least 1 expected, got \(ropeLinearFactor)")
    }
    guard initializerRange > 0, initializerRange.isFinite else {
      throw ModelError(
        argument: "initializer_range", reason: "a positive number expected, got \(initializerRange)")
    }
  }

  /// Reads the fields of a `config.json`, refusing by name what this version does not do.
  public init(_ config: HFConfig) throws {
    let type = try config.string("model_type") ?? "llama"
    self = try Architecture.named(type, config).spec(config)
    do { try validate() } catch let error as ModelError { throw config.fault(error.argument, error.reason) }
  }
}
