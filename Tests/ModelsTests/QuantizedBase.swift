import Models
import Tensors
import Tokenizers

/// A saved model that suites load with quantised linears.
struct QuantizedBase {
  static let ids: [Int32] = [1, 9, 60, 2, 31, 5, 17, 44, 3, 28, 50, 12]

  /// Two layers, hidden 64, so that rows hold whole blocks of 64; the MLP's 96 columns do not.
  static var spec: ModelSpec {
    var spec = ModelSpec(
      vocabSize: 64, hiddenSize: 64, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 96,
      numKeyValueHeads: 2)
    spec.maxPositionEmbeddings = 64
    spec.initializerRange = 0.1
    return spec
  }

  let folder: TemporaryFolder

  /// Saves the model in the folder `base`.
  init() throws {
    folder = try TemporaryFolder()
    try LanguageModel.new(Self.spec, tokenizer: TinyTokenizer.make(), seed: 5).save(to: folder("base"))
  }

  func load(_ name: String, _ dtype: String, _ quantize: String? = nil) throws -> LanguageModel {
    try LanguageModel.load(folder(name), types: WeightTypes(dtype: dtype, quantize: quantize))
  }
}
