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
      throw FileError(
        path: path, reason: "\(name) is a kind of tokenizer that is not supported; \(supported)")
    }
    let bytes = try read(path)
    if FileSystem.fileExtension(path) == "bin" {
      if bytes.withUnsafeBytes(LlamaCVocabulary.isCheckpoint) {
        throw FileError(
          path: path,
          reason:
            "is a llama2.c model, which holds no vocabulary: its vocabulary (such as tok512.bin) is needed")
      }
      let model = try bytes.withUnsafeBytes { try LlamaCVocabulary($0, path: path).model }
      return try SentencePieceTokenizer(bytes: model.serialized, path: path)
    }
    return try SentencePieceTokenizer(bytes: bytes, path: path)
  }

  /// The bytes of a file that must not be empty.
  static func read(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path)
    return withExtendedLifetime(file) { [UInt8](file.bytes) }
  }
}
