import Files
import Tensors
public import Tokenizers

/// A model, its vocabulary and its chat template: one value, as a folder on disk holds them.
public final class LanguageModel {
  public let transformer: Transformer
  public internal(set) var tokenizer: (any Tokenizer)?
  public var template: ChatTemplate?
  /// The `config.json` the model came from; its unknown fields are written back.
  var config: HFConfig
  var generation: HFConfig
  /// The adapter that is attached, or the one that was merged last is nil.
  public internal(set) var lora: LoRAOptions?
  /// What adapters of this model go onto; nil for a new model that was never saved.
  var base: Base?

  /// The model an adapter is relative to: what was loaded, what was saved first, or saved as the base.
  struct Base: Equatable {
    let path: String
    let vocabSize: Int
    let isTied: Bool
  }

  init(
    _ transformer: Transformer, tokenizer: (any Tokenizer)?, template: ChatTemplate?, config: HFConfig,
    generation: HFConfig, base: Base?
  ) throws {
    self.transformer = transformer
    self.tokenizer = tokenizer
    self.template = template
    self.config = config
    self.generation = generation
    self.base = base
    if let tokenizer { try Self.check(tokenizer, fits: transformer.spec) }
  }

  /// A model with new weights, drawn by `seed`; its vocabulary must hold the tokenizer's.
  public static func new(
    _ spec: ModelSpec, types: WeightTypes = .f32, tokenizer: (any Tokenizer)? = nil, seed: UInt64 = 0
  ) throws -> LanguageModel {
    var spec = spec
    if let tokenizer {
      try check(tokenizer, fits: spec)
      spec.bosTokenID = tokenizer.bosID.map(Int.init)
      spec.eosTokenIDs = tokenizer.eosID.map { [Int($0)] } ?? []
      spec.padTokenID = tokenizer.padID.map(Int.init)
    }
    try spec.validate()
    let transformer = try Transformer(
      spec, types: types, from: InitialWeights(seed: seed, deviation: spec.initializerRange))
    return try LanguageModel(
      transformer, tokenizer: tokenizer, template: nil, config: HFConfig(path: "config.json"),
      generation: HFConfig(path: "generation_config.json"), base: nil)
  }

  static func check(_ tokenizer: any Tokenizer, fits spec: ModelSpec) throws {
    guard tokenizer.count <= spec.vocabSize else {
      throw ModelError(
        argument: "tokenizer",
        reason:
          "\(tokenizer.count) pieces do not fit the model's vocabulary of \(spec.vocabSize); extend_vocabulary makes room"
      )
    }
  }

  public var spec: ModelSpec { transformer.spec }
  public var parameterCount: Int { transformer.parameters.reduce(0) { $0 + $1.count } }
  public var trainableCount: Int { transformer.trainable.reduce(0) { $0 + $1.count } }

  /// Freezes all but the groups named: "embedding", "head", "norms", "layers", "all", "none".
  ///
  /// With a tied head "embedding" and "head" are the same matrix. While an adapter is attached the linears'
  /// own weights and biases stay frozen, and the adapter belongs to "layers" and "all". Quantised linears are never
  /// trained: without an adapter "layers" and "all" are refused.
  public func trainOnly(_ names: [String]) throws { try transformer.trainOnly(names) }

  /// Puts a LoRA adapter beside the linears named and freezes all else but `options.train`.
  public func addLoRA(_ options: LoRAOptions) throws {
    try transformer.attach(options)
    transformer.trainAdapter(with: options.train)
    lora = options
  }

  /// Takes the adapter off without using it; everything can be trained again afterwards.
  public func detachLoRA() throws {
    guard lora != nil else { throw ModelError(argument: "lora", reason: "there is no adapter to take off") }
    transformer.detach()
    lora = nil
    transformer.trainAll()
  }
}

extension LanguageModel: CustomStringConvertible {
  /// Shapes, counts and memory, in at most 80 columns.
  public var description: String {
    ShapeReport(self).description
  }
}
