import Files
import Tensors
import Tokenizers

extension LanguageModel {
  static let configName = "config.json"
  static let generationName = "generation_config.json"
  static let templateName = "yuyan_template.json"

  /// Loads a Hugging Face folder, with its tokenizer and template where it has them, or a llama2.c
  /// checkpoint.
  ///
  /// - Parameters:
  ///   - path: a folder with config.json and safetensors, or a `.bin` file of llama2.c.
  ///   - tokenizerPath: a tokenizer in place of the folder's.
  ///   - types: in which types it keeps its weights, and computes.
  /// - Throws: `FileError` naming file, field or tensor; `ModelError` when the tokenizer does not fit.
  public static func load(
    _ path: String, tokenizerPath: String? = nil, types: WeightTypes = .f32
  ) throws -> LanguageModel {
    guard FileSystem.exists(path) else { throw FileError(path: path, reason: "no such file or folder") }
    let tokenizer = try tokenizerPath.map { try TokenizerFile.load($0) }
    return FileSystem.isDirectory(path)
      ? try loadFolder(path, types, tokenizer) : try loadLlama2C(path, types, tokenizer)
  }

  private static func loadFolder(_ path: String, _ types: WeightTypes, _ given: (any Tokenizer)?) throws
    -> LanguageModel
  {
    let config = try HFConfig(reading: FileSystem.join(path, configName))
    var spec = try ModelSpec(config)
    let generationPath = FileSystem.join(path, generationName)
    let generation =
      FileSystem.exists(generationPath)
      ? try HFConfig(reading: generationPath) : HFConfig(path: generationPath)
    // Transformers generates by generation_config.json: what ends there ends here, and what config.json names too.
    let ends = try generation.identifiers("eos_token_id")
    if config.value("eos_token_id") == nil, !ends.isEmpty { spec.eosTokenIDs = [] }
    spec.eosTokenIDs += ends.filter { !spec.eosTokenIDs.contains($0) }
    let weights = FolderWeights(folder: try WeightFolder(folder: path))
    try weights.check(ParameterLayout(spec), Architecture.of(spec).names)
    let transformer = try Transformer(spec, types: types, from: weights)
    let tokenizer = try given ?? folderTokenizer(path)
    return try LanguageModel(
      transformer, tokenizer: tokenizer, template: readTemplate(path), config: config, generation: generation,
      base: Base(path: path, vocabSize: spec.vocabSize, isTied: spec.tieWordEmbeddings))
  }

  private static func loadLlama2C(_ path: String, _ types: WeightTypes, _ tokenizer: (any Tokenizer)?) throws
    -> LanguageModel
  {
    guard path.hasSuffix(".bin") else {
      throw FileError(path: path, reason: "a model folder or a llama2.c checkpoint (.bin) is needed")
    }
    let file = try Llama2CFile(path: path)
    return try LanguageModel(
      Transformer(file.spec, types: types, from: file), tokenizer: tokenizer, template: nil,
      config: HFConfig(path: configName),
      generation: HFConfig(path: generationName),
      base: Base(path: path, vocabSize: file.spec.vocabSize, isTied: file.spec.tieWordEmbeddings))
  }

  /// The tokenizer of a folder; nil when it has none.
  static func folderTokenizer(_ folder: String) throws -> (any Tokenizer)? {
    let isThere = ["tokenizer.model", "tokenizer.json"].contains {
      FileSystem.exists(FileSystem.join(folder, $0))
    }
    return isThere ? try TokenizerFile.load(folder) : nil
  }

  static func readTemplate(_ folder: String) throws -> ChatTemplate? {
    let path = FileSystem.join(folder, templateName)
    guard FileSystem.exists(path) else { return nil }
    let fields = try HFConfig(reading: path)
    guard let name = try fields.string("name") else { throw fields.fault("name", "missing") }
    let template = try ChatTemplate.named(name)
    guard try fields.string("sha256") == template.fingerprint else {
      throw fields.fault(
        "sha256", "the template '\(name)' of this version is not the one the model was trained with")
    }
    return template
  }

  static func writeTemplate(_ template: ChatTemplate, to folder: String) throws {
    let fields: JSON = ["name": .string(template.name), "sha256": .string(template.fingerprint)]
    try AtomicFile.write(fields.text(indent: 2) + "\n", to: FileSystem.join(folder, templateName))
  }
}
