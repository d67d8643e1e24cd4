import Files
import OrderedCollections

/// The tokenizer files of a model folder in the Hugging Face layout.
enum TokenizerFolder {
  static let model = "tokenizer.model"
  static let configuration = "tokenizer_config.json"
  static let specialTokens = "special_tokens_map.json"
  static let chatTemplate = "chat_template.jinja"

  static func load(_ folder: String) throws -> SentencePieceTokenizer {
    let path = FileSystem.join(folder, model)
    guard FileSystem.exists(path) else {
      let found = FileSystem.exists(FileSystem.join(folder, "tokenizer.json"))
      throw FileError(
        path: folder,
        reason: (found ? "holds tokenizer.json but no tokenizer.model; " : "holds no tokenizer.model; ")
          + TokenizerFile.supported)
    }
    let bytes = try TokenizerFile.read(path)
    let configurationPath = FileSystem.join(folder, configuration)
    guard FileSystem.exists(configurationPath) else {
      return try SentencePieceTokenizer(bytes: bytes, path: path)
    }
    let json = try JSON.read(configurationPath)
    var settings = try TokenizerConfiguration(json, path: configurationPath)
    let templatePath = FileSystem.join(folder, chatTemplate)
    if FileSystem.exists(templatePath) {
      settings.chatTemplate = String(decoding: try FileSystem.read(templatePath), as: UTF8.self)
    }
    let plain = try SentencePieceTokenizer(bytes: bytes, path: path, configuration: settings)
    let added = try addedTokens(json, path: configurationPath, to: plain)
    try requireNamedTokens(settings, in: plain, and: added, path: configurationPath)
    if added.isEmpty { return plain }
    var model = plain.model
    model.pieces += added
    return try SentencePieceTokenizer(bytes: model.serialized, path: path, configuration: settings)
  }

  /// Tokens that the folder adds behind the model's pieces, in the order of their ids.
  private static func addedTokens(
    _ json: JSON, path: String, to tokenizer: SentencePieceTokenizer
  ) throws -> [SentencePieceModel.Piece] {
    let field = "added_tokens_decoder"
    var byID: [Int: JSON] = [:]
    for (key, token) in json[field]?.objectValue ?? [:] {
      guard let id = Int(key), id >= 0, token["content"]?.stringValue != nil else {
        throw FileError(
          path: path, field: field, reason: "token '\(key)' needs an id as its name and a content")
      }
      byID[id] = token
    }
    var pieces: [SentencePieceModel.Piece] = []
    for id in byID.keys.sorted() {
      guard let token = byID[id], let text = token["content"]?.stringValue else { continue }
      if let known = tokenizer.id(of: text) {
        guard Int(known) == id else {
          throw FileError(
            path: path, field: field,
            reason: "token '\(text)' has id \(id), but tokenizer.model gives it \(known)")
        }
        continue
      }
      guard id == tokenizer.count + pieces.count else {
        throw FileError(
          path: path, field: field,
          reason:
            "token '\(text)' has id \(id), expected \(tokenizer.count + pieces.count), the next after tokenizer.model"
        )
      }
      let special = token["special"]?.boolValue ?? false
      pieces.append(.init(text: text, score: 0, kind: special ? .control : .userDefined))
    }
    return pieces
  }

  private static func requireNamedTokens(
    _ settings: TokenizerConfiguration, in tokenizer: SentencePieceTokenizer,
    and added: [SentencePieceModel.Piece],
    path: String
  ) throws {
    let named = [
      ("bos_token", settings.bosToken), ("eos_token", settings.eosToken),
      ("unk_token", settings.unknownToken),
    ]
    for case (let field, let text?) in named
    where tokenizer.id(of: text) == nil && !added.contains(where: { ExactText($0.text) == ExactText(text) }) {
      throw FileError(path: path, field: field, reason: "'\(text)' is not in the vocabulary")
    }
  }
}

extension SentencePieceTokenizer {
  public func saveFolderFiles(to folder: String) throws {
    try FileSystem.makeFolders(folder)
    try save(to: FileSystem.join(folder, TokenizerFolder.model))
    let special = specialTokens
    try AtomicFile.write(
      JSON.object(special).text(indent: 2) + "\n", to: FileSystem.join(folder, TokenizerFolder.specialTokens))
    var config: OrderedDictionary<String, JSON> = [
      "add_bos_token": .bool(configuration.addsBOS),
      "add_eos_token": .bool(configuration.addsEOS),
      "added_tokens_decoder": .object(addedTokens(special)),
    ]
    config.merge(special) { $1 }
    config["clean_up_tokenization_spaces"] = false
    config["legacy"] = true
    if let length = configuration.maximumLength { config["model_max_length"] = JSON(length) }
    if let template = configuration.chatTemplate { config["chat_template"] = .string(template) }
    config["sp_model_kwargs"] = .object([:])
    config["tokenizer_class"] = "LlamaTokenizer"
    try AtomicFile.write(
      JSON.object(config).text(indent: 2) + "\n", to: FileSystem.join(folder, TokenizerFolder.configuration))
  }

  private var specialTokens: OrderedDictionary<String, JSON> {
    var tokens: OrderedDictionary<String, JSON> = [:]
    for (name, id) in [
      ("bos_token", bosID), ("eos_token", eosID), ("pad_token", padID), ("unk_token", unknownID),
    ] {
      if let text = id.flatMap({ piece($0) }) { tokens[name] = .string(text) }
    }
    return tokens
  }

  private func addedTokens(_ special: OrderedDictionary<String, JSON>) -> OrderedDictionary<String, JSON> {
    var tokens: [Int32: String] = [:]
    for text in special.values.compactMap(\.stringValue) { if let id = id(of: text) { tokens[id] = text } }
    var result: OrderedDictionary<String, JSON> = [:]
    for id in tokens.keys.sorted() {
      result[String(id)] = [
        "content": .string(tokens[id] ?? ""), "lstrip": false, "normalized": false, "rstrip": false,
        "single_word": false, "special": true,
      ]
    }
    return result
  }
}
