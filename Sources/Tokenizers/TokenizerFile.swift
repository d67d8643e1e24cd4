import Files

/// Finds out what kind of tokenizer a path holds, and loads it.
public enum TokenizerFile {
  static let supported =
    "supported are sentencepiece models (tokenizer.model), folders that hold one, and llama2.c vocabularies (.bin)"

  /// Loads a `.model` file, a model folder, or a llama2.c vocabulary.
  ///
  /// - Throws: `FileError` that says what the path holds instead.
  public static func load(_ path: String) throws -> any Tokenizer { try loadSentencePiece(path) }

  static func loadSentencePiece(_ path: String) throws -> SentencePieceTokenizer {
    if FileSystem.isDirectory(path) { return try TokenizerFolder.load(path) }
    let name = FileSystem.fileName(path)
    if name == "tokenizer.json" || name.hasSuffix(".tiktoken") {
      throw FileError(path: path, reason: "\(name) is a kind of tokenizer that is not supported; \(supported)")
    }
    let file = try MappedFile(path)
    if FileSystem.fileExtension(path) == "bin" {
      let model = try LlamaCVocabulary(file.bytes, path: path).model
      return try SentencePieceTokenizer(bytes: model.serialized, path: path)
    }
    return try SentencePieceTokenizer(bytes: [UInt8](file.bytes), path: path)
  }
}
