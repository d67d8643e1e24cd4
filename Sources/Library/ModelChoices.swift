import Models
import Scripting
import Tokenizers

/// A model described by the names of config.json.
struct ModelChoices: LuaOptions {
  var architecture = "llama"
  var hiddenSize: Int?
  var numHiddenLayers: Int?
  var numAttentionHeads: Int?
  var numKeyValueHeads: Int?
  var headDim: Int?
  var intermediateSize: Int?
  var vocabSize: Int?
  var maxPositionEmbeddings = 2048
  var rmsNormEps: Float = 1e-5
  var ropeTheta = 10000.0
  var attentionBias = false
  var mlpBias = false
  var tieWordEmbeddings = false
  var initializerRange: Float = 0.02
  var tokenizer: TokenizerObject?
  var seed: UInt64 = 0
  var dtype: String?
  var quantize: String?
  var lora: LoRAChoices?
  var train: [String] = ["all"]

  static let luaName = "ModelDescription"
  static let fields: [Field<Self>] =
    shared + [
      Field(
        "tokenizer", "the vocabulary; its size is the model's unless vocab_size is given", \Self.tokenizer),
      Field("seed", "decides the weights", \Self.seed),
      Field("dtype", "what weights and activations are: f32 or bf16 (f32; with quantize bf16)", \Self.dtype),
      Field("quantize", "keeps the blocks' linears frozen in int8 or nf4", \Self.quantize),
      Field("lora", "describe only: an adapter to count", \Self.lora),
      Field("train", "describe only: the groups that are trained without an adapter", \Self.train),
    ]
  private static let shared: [Field<Self>] = [
    Field("architecture", "the family: llama", \Self.architecture),
    Field("hidden_size", "width of the residual stream", \Self.hiddenSize, required: true),
    Field("num_hidden_layers", "how many blocks", \Self.numHiddenLayers, required: true),
    Field("num_attention_heads", "how many heads", \Self.numAttentionHeads, required: true),
    Field("num_key_value_heads", "heads of keys and values (as many as heads)", \Self.numKeyValueHeads),
    Field("head_dim", "width of a head (hidden_size / num_attention_heads)", \Self.headDim),
    Field("intermediate_size", "width of the feed-forward network (8/3 hidden_size)", \Self.intermediateSize),
    Field("vocab_size", "rows of the embedding", \Self.vocabSize),
    Field("max_position_embeddings", "the longest text, in tokens", \Self.maxPositionEmbeddings),
    Field("rms_norm_eps", "added to the mean square in norms", \Self.rmsNormEps),
    Field("rope_theta", "base of the rotary positions", \Self.ropeTheta),
    Field("attention_bias", "biases on q, k, v and o", \Self.attentionBias),
    Field("mlp_bias", "biases on gate, up and down", \Self.mlpBias),
    Field("tie_word_embeddings", "whether the head is the embedding", \Self.tieWordEmbeddings),
    Field("initializer_range", "standard deviation of new weights", \Self.initializerRange),
  ]

  func validate() throws {
    guard architecture == "llama" else {
      throw BadArgument("architecture", "'llama' expected, got '\(architecture)'")
    }
    guard vocabSize != nil || tokenizer != nil else {
      throw BadArgument("vocab_size", "vocab_size or tokenizer expected")
    }
  }

  func spec() throws -> ModelSpec {
    guard let hiddenSize, let numHiddenLayers, let numAttentionHeads,
      let vocabulary = vocabSize ?? tokenizer?.tokenizer.count
    else { preconditionFailure("required options are read") }
    var spec = ModelSpec(
      vocabSize: vocabulary, hiddenSize: hiddenSize, numHiddenLayers: numHiddenLayers,
      numAttentionHeads: numAttentionHeads, intermediateSize: intermediateSize,
      numKeyValueHeads: numKeyValueHeads,
      headWidth: headDim)
    spec.maxPositionEmbeddings = maxPositionEmbeddings
    spec.rmsNormEps = rmsNormEps
    spec.ropeTheta = ropeTheta
    spec.attentionBias = attentionBias
    spec.outputBias = attentionBias
    spec.mlpBias = mlpBias
    spec.tieWordEmbeddings = tieWordEmbeddings
    spec.initializerRange = initializerRange
    return spec
  }

  func new() throws -> LanguageModel {
    if lora != nil { throw BadArgument("lora", "a new model gets its adapter from add_lora") }
    if train != ["all"] { throw BadArgument("train", "a new model is frozen by train_only") }
    return try LanguageModel.new(
      spec(), types: WeightTypes(dtype: dtype, quantize: quantize), tokenizer: tokenizer?.tokenizer,
      seed: seed)
  }

  func describe() throws -> ShapeObject {
    let types = try WeightTypes(dtype: dtype, quantize: quantize)
    return ShapeObject(try ShapeReport(spec(), types: types, lora: lora?.options(), train: train))
  }
}

struct LoRAChoices: LuaOptions {
  var rank = 8
  var alpha = 32.0
  var dropout = 0.0
  var targets = ["q", "k", "v", "o"]
  var train: [String] = []
  var seed: UInt64 = 0
  static let luaName = "LoRAOptions"
  static let fields = [
    Field("rank", "columns of the thin matrices", \Self.rank),
    Field("alpha", "the adapter's output is scaled by alpha / rank", \Self.alpha),
    Field("dropout", "share of the adapter's inputs left out in training", \Self.dropout),
    Field("targets", "any of q, k, v, o, gate, up, down", \Self.targets),
    Field("train", "whole modules trained beside it: embedding, head, norms", \Self.train),
    Field("seed", "decides how the adapter starts", \Self.seed),
  ]

  func options() -> LoRAOptions {
    LoRAOptions(rank: rank, alpha: alpha, dropout: dropout, targets: targets, train: train, seed: seed)
  }
}

enum InitChoice: String, LuaChoice { case pieces, mean, noise }

struct ExtendChoices: LuaOptions {
  var initialize: Either<InitChoice, LuaCallback> = .first(.pieces)
  var seed: UInt64 = 0
  static let luaName = "ExtendVocabularyOptions"
  static let fields = [
    Field(
      "init", "pieces, mean, noise, or function(piece, old_ids) giving the row's numbers", \Self.initialize),
    Field("seed", "for noise", \Self.seed),
  ]

  func extend(_ model: LanguageModel, _ tokenizer: TokenizerObject) throws -> Int {
    try naming(["initializer": "init"]) {
      try model.extendVocabulary(tokenizer.tokenizer, initializer: initializer())
    }
  }

  private func initializer() -> RowInitializer {
    switch initialize {
    case .first(.pieces): .pieces
    case .first(.mean): .mean
    case .first(.noise): .noise(seed: seed)
    case .second(let function):
      .closure { piece in try function.call(piece.piece, piece.subpieces, returning: [Float].self) }
    }
  }
}

struct SaveChoices: LuaOptions {
  var dtype = "f32"
  var base = false
  static let luaName = "SaveOptions"
  static let fields = [
    Field("dtype", "how numbers are stored: f32, f16 or bf16", \Self.dtype),
    Field("base", "whether adapters saved from now on go onto this folder", \Self.base),
  ]
}

struct LoadChoices: LuaOptions {
  var tokenizer: String?
  var dtype: String?
  var quantize: String?
  static let luaName = "LoadOptions"
  static let fields = [
    Field("tokenizer", "the path of a tokenizer in place of the folder's own", \Self.tokenizer),
    Field("dtype", "what weights and activations are: f32 or bf16 (f32; with quantize bf16)", \Self.dtype),
    Field("quantize", "keeps the blocks' linears frozen in int8 or nf4", \Self.quantize),
  ]
}

/// Counts and shapes of a model that need not exist, as Lua holds them.
final class ShapeObject: LuaObject, CustomStringConvertible {
  let report: ShapeReport
  init(_ report: ShapeReport) { self.report = report }
  var description: String { report.description }

  static let luaClass = LuaClass<ShapeObject>(
    "Shape", "What a model of a given shape holds, known without its weights.",
    [
      .property("parameters", "All parameters, an adapter's included.") { $0.report.parameters },
      .property("trainable", "Those that training updates.") { $0.report.trainable },
      .property("trainable_percentage", "Their share, in percent.") { $0.report.trainablePercentage },
      .property("weight_bytes", "Bytes of the weights.") { $0.report.weightBytes },
      .property("training_bytes", "Bytes that gradients and optimizer add.") { $0.report.trainingBytes },
    ])
}
