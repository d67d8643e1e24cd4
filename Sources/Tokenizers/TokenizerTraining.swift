import Files
import Processes

extension SentencePieceTokenizer {
  /// What a new vocabulary is to look like.
  ///
  /// The defaults are LLaMA's settings, so that what is trained can be
  /// merged into it.
  public struct TrainingOptions: Sendable {
    /// Text files, one sentence or document a line; `*` and `**` are expanded.
    public var files: [String] = []
    public var vocabularySize = 8000
    public var kind = SentencePieceModel.Kind.bpe
    /// The share of all characters that get a piece; 0.98 to 1.
    public var characterCoverage = 0.9995
    /// Write characters without a piece as bytes.
    public var byteFallback = true
    /// Pieces that are always kept whole.
    public var userDefinedSymbols: [String] = []
    /// Every digit is a piece of its own.
    public var splitDigits = true
    /// "identity", "nfkc", "nmt_nfkc", "nfkc_cf" or "nmt_nfkc_cf".
    public var normalization = "identity"
    /// Characters in the longest piece.
    public var maximumPieceLength = 16
    /// Lines to train on, drawn at random; 0 takes all.
    public var inputSentenceSize = 0
    public var seed: UInt32 = 0
    public var addDummyPrefix = true
    public var removeExtraWhitespaces = false
    public var splitByUnicodeScript = true
    public var splitByWhitespace = true
    public var allowWhitespaceOnlyPieces = true

    public init() {}
  }

  /// Trains a vocabulary on files.
  ///
  /// The work is done by sentencepiece's own `spm_train` in a child process, which Ctrl-C ends. The same text
  /// and options give the same model, byte for byte.
  /// - Throws: `TokenizerError` or `FileError` in plain words, `Interrupted`.
  public static func train(_ options: TrainingOptions) throws -> SentencePieceTokenizer {
    guard !options.files.isEmpty else { throw TokenizerError("files", "there is no file to train on") }
    let paths = try Glob.expand(options.files)
    return try TrainingRun(options).run { folder in
      // Links with plain names: the program separates file names by commas.
      try paths.enumerated().map { i, path in
        try folder.link("\(i).txt", to: path)
      }
    } origin: {
      paths[$0]
    }
  }

  /// Trains a vocabulary on texts that `next` hands out until it gives nil.
  public static func train(_ options: TrainingOptions, texts next: () throws -> String?) throws
    -> SentencePieceTokenizer
  {
    try TrainingRun(options).run { folder in
      let path = FileSystem.join(folder.path, "texts.txt")
      try AtomicFile.write(to: path) { file in
        while let text = try next() {
          try Interrupt.check()
          try file.write(text)
          try file.write("\n")
        }
      }
      return [path]
    } origin: { _ in
      "the given texts"
    }
  }
}

/// One call of `spm_train`.
private struct TrainingRun {
  static let program = "spm_train"
  let options: SentencePieceTokenizer.TrainingOptions

  init(_ options: SentencePieceTokenizer.TrainingOptions) throws {
    self.options = options
    guard options.vocabularySize > 0, options.vocabularySize <= 1 << 24 else {
      throw TokenizerError("vocab_size", "1 to \(1 << 24) expected, got \(options.vocabularySize)")
    }
    guard (0.98...1).contains(options.characterCoverage) else {
      throw TokenizerError("character_coverage", "0.98 to 1 expected, got \(options.characterCoverage)")
    }
    guard (1...512).contains(options.maximumPieceLength) else {
      throw TokenizerError("max_sentencepiece_length", "1 to 512 expected, got \(options.maximumPieceLength)")
    }
    guard options.inputSentenceSize >= 0 else {
      throw TokenizerError("input_sentence_size", "0 or more expected, got \(options.inputSentenceSize)")
    }
    for symbol in options.userDefinedSymbols where symbol.isEmpty || symbol.contains(where: \.isNewline) {
      throw TokenizerError("user_defined_symbols", "a symbol is empty or holds a line end")
    }
  }

  /// - Parameters:
  ///   - inputs: puts the text into the folder and gives its files.
  ///   - origin: what messages call the file of that index.
  func run(
    _ inputs: (PrivateFolder) throws -> [String], origin: (Int) -> String
  ) throws -> SentencePieceTokenizer {
    guard let program = ChildProcess.find(Self.program) else {
      throw TokenizerError(
        Self.program,
        "is not installed; the Debian package 'sentencepiece' has it (apt-get install sentencepiece)")
    }
    let folder = try PrivateFolder()
    defer { folder.remove() }
    let files = try inputs(folder)
    let longest = try checkText(files, origin)
    let prefix = FileSystem.join(folder.path, "trained")
    let result = try ChildProcess.run(
      program, try arguments(files, prefix: prefix, longestLine: longest, folder: folder))
    guard result.status == 0, FileSystem.exists(prefix + ".model") else {
      throw TrainingFailure(options, String(decoding: result.errorOutput, as: UTF8.self), result.status).error
    }
    return try trained(FileSystem.read(prefix + ".model"))
  }

  /// Reads the text once, which must be UTF-8 and not empty, and gives the bytes of its longest line.
  private func checkText(_ files: [String], _ origin: (Int) -> String) throws -> Int {
    var longest = 0
    var hasText = false
    for (i, file) in files.enumerated() {
      let kind = FileSystem.fileExtension(origin(i))
      if kind == "json" || kind == "jsonl" {
        throw FileError(
          path: origin(i), reason: "is JSON; train on plain text, or on a data stream that reads its field")
      }
      if try FileSystem.size(file) == 0 { continue }
      var lines = try LineReader(file)
      while let line = try lines.next() {
        try Interrupt.check()
        if let byte = UTF8Text.firstInvalidByte(in: line.bytes) {
          throw FileError(
            path: origin(i), line: line.number, reason: "is not UTF-8 (byte \(byte + 1) of the line)")
        }
        longest = max(longest, line.bytes.count)
        hasText = hasText || line.bytes.contains { $0 > 0x20 }
      }
    }
    guard hasText else {
      let names = files.count == 1 ? origin(0) : "\(files.count) files"
      throw TokenizerError(names, "there is no text to train on")
    }
    return longest
  }

  private func arguments(
    _ files: [String], prefix: String, longestLine: Int, folder: PrivateFolder
  ) throws -> [String] {
    var list: [(String, String)] = [
      ("input", files.joined(separator: ",")),
      ("model_prefix", prefix),
      ("vocab_size", String(options.vocabularySize)),
      ("model_type", options.kind.name),
      ("character_coverage", String(options.characterCoverage)),
      ("byte_fallback", String(options.byteFallback)),
      ("split_digits", String(options.splitDigits)),
      ("normalization_rule_name", options.normalization),
      ("max_sentencepiece_length", String(options.maximumPieceLength)),
      ("add_dummy_prefix", String(options.addDummyPrefix)),
      ("remove_extra_whitespaces", String(options.removeExtraWhitespaces)),
      ("split_by_unicode_script", String(options.splitByUnicodeScript)),
      ("split_by_whitespace", String(options.splitByWhitespace)),
      ("allow_whitespace_only_pieces", String(options.allowWhitespaceOnlyPieces)),
      ("random_seed", String(options.seed)),
      // Longer lines would be left out without a word.
      ("max_sentence_length", String(max(4192, longestLine + 1))),
      // Sums depend on the number of threads, so it does not depend on the machine.
      ("num_threads", "4"),
    ]
    if options.inputSentenceSize > 0 {
      list.append(("input_sentence_size", String(options.inputSentenceSize)))
      list.append(("shuffle_input_sentence", "true"))
    }
    if !options.userDefinedSymbols.isEmpty {
      let path = FileSystem.join(folder.path, "symbols.txt")
      try AtomicFile.write(options.userDefinedSymbols.joined(separator: "\n") + "\n", to: path)
      list.append(("user_defined_symbols_file", path))
    }
    return list.map { "--\($0)=\($1)" }
  }

  /// The model without the names of the files it was trained on, which lay in a folder that is gone.
  private func trained(_ bytes: [UInt8]) throws -> SentencePieceTokenizer {
    var model = try bytes.withUnsafeBytes { try SentencePieceModel.checked($0, path: "trained tokenizer") }
    model.change(Field.trainer) { spec in spec.fields.removeAll { $0.number <= 2 } }
    return try SentencePieceTokenizer(model, name: "trained tokenizer")
  }
}
