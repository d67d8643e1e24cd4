import Corpus
import Scripting
import Tokenizers

let tokenizerModule = LuaModule(
  "yuyan.tokenizer", "Vocabularies: loading, training, merging, comparing.",
  [
    LuaFunction(
      "load", "Loads a tokenizer.",
      Param<String>("path", "a sentencepiece .model, a model folder, or a llama2.c vocabulary (tok*.bin)"),
      returns: Returns<TokenizerObject>("tokenizer", "ready to encode"),
      example: "yy.tokenizer.load('llama/tokenizer.model')"
    ) { path in TokenizerObject(try TokenizerFile.load(path)) },
    LuaFunction(
      "train", "Learns a vocabulary from text.",
      Param<TrainTokenizerOptions>("options", "which text, how many pieces"),
      returns: Returns<TokenizerObject>("tokenizer", "ready to encode"),
      example: "yy.tokenizer.train({ files = { 'zh/*.txt' }, kind = 'bpe', vocab_size = 20000 })"
    ) { options in TokenizerObject(try options.train()) },
    LuaFunction(
      "compare", "Counts the tokens that several tokenizers need for the same text.",
      Param<NamedTokenizers>(
        "tokenizers", "{ name = tokenizer } or { { 'name', tokenizer }, ... } in that order"),
      Param<TextChoice>("options", "which text"),
      returns: Returns<ComparisonObject>("comparison", "prints as a table"),
      example: "yy.tokenizer.compare({ llama = llama, merged = tok }, { files = { 'zh/*.txt' } })"
    ) { tokenizers, text in try tokenizers.compare(text) },
  ],
  classes: [TokenizerObject.luaClass, MergeReportObject.luaClass, ComparisonObject.luaClass])

enum VocabularyKind: String, LuaChoice {
  case bpe, unigram, char, word

  var kind: SentencePieceModel.Kind {
    switch self {
    case .bpe: .bpe
    case .unigram: .unigram
    case .char: .char
    case .word: .word
    }
  }
}

struct TrainTokenizerOptions: LuaOptions {
  var files: [String] = []
  var data: StreamObject?
  var kind = VocabularyKind.bpe
  var vocabSize = 8000
  var characterCoverage = 0.9995
  var byteFallback = true
  var userDefinedSymbols: [String] = []
  var splitDigits = true
  var normalization = "identity"
  var maxPieceLength = 16
  var inputSentenceSize = 0
  var seed: Int32 = 0
  var addDummyPrefix = true
  var removeExtraWhitespaces = false

  static let luaName = "TrainTokenizerOptions"
  static let fields = [
    Field("files", "text files, one document a line; * and ** work", \Self.files),
    Field("data", "a stream of documents in place of files", \Self.data),
    Field("kind", "the algorithm", \Self.kind),
    Field("vocab_size", "pieces, with control and byte pieces", \Self.vocabSize),
    Field(
      "character_coverage", "share of all characters that get a piece, 0.98 to 1", \Self.characterCoverage),
    Field("byte_fallback", "whether characters without a piece are spelled as bytes", \Self.byteFallback),
    Field("user_defined_symbols", "pieces that are always kept whole", \Self.userDefinedSymbols),
    Field("split_digits", "whether every digit is a piece of its own", \Self.splitDigits),
    Field("normalization", "identity, nfkc, nmt_nfkc, nfkc_cf or nmt_nfkc_cf", \Self.normalization),
    Field("max_piece_length", "characters in the longest piece", \Self.maxPieceLength),
    Field("input_sentence_size", "lines to train on, drawn at random; 0 takes all", \Self.inputSentenceSize),
    Field("seed", "for that draw", \Self.seed),
    Field("add_dummy_prefix", "whether a text gets a space in front", \Self.addDummyPrefix),
    Field("remove_extra_whitespaces", "whether spaces in a row become one", \Self.removeExtraWhitespaces),
  ]

  func train() throws -> SentencePieceTokenizer {
    guard files.isEmpty != (data == nil) else {
      throw BadArgument("files", "either files or data expected")
    }
    var options = SentencePieceTokenizer.TrainingOptions()
    options.files = files
    options.vocabularySize = vocabSize
    options.kind = kind.kind
    options.characterCoverage = characterCoverage
    options.byteFallback = byteFallback
    options.userDefinedSymbols = userDefinedSymbols
    options.splitDigits = splitDigits
    options.normalization = normalization
    options.maximumPieceLength = maxPieceLength
    options.inputSentenceSize = inputSentenceSize
    options.seed = UInt32(bitPattern: seed)
    options.addDummyPrefix = addDummyPrefix
    options.removeExtraWhitespaces = removeExtraWhitespaces
    guard let data else { return try SentencePieceTokenizer.train(options) }
    let cursor = try data.stream.open()
    return try SentencePieceTokenizer.train(options, texts: { try cursor.next()?.text })
  }
}

/// The text of a comparison: files or one string.
struct TextChoice: LuaOptions {
  var files: [String] = []
  var text: String?
  static let luaName = "TextChoice"
  static let fields = [
    Field("files", "text files, one document a line; * and ** work", \Self.files),
    Field("text", "a text in place of files", \Self.text),
  ]

  func validate() throws {
    if files.isEmpty == (text == nil) { throw BadArgument("files", "either files or text expected") }
  }

  func compare(_ entries: [(name: String, tokenizer: any Tokenizer)]) throws -> TokenizerComparison {
    if let text { return try TokenizerComparison(entries, texts: [text]) }
    var lines = try TextLines(files)
    return try TokenizerComparison(entries) { try lines.next() }
  }
}

/// Tokenizers under names: `{ llama = llama }`, or pairs in an order of one's own.
struct NamedTokenizers: LuaValue {
  var entries: [(name: String, tokenizer: any Tokenizer)]

  static var luaType: String { "table<string, Tokenizer>" }
  static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .table }

  static func read(_ state: LuaState, at index: Int32) throws -> NamedTokenizers {
    guard state.kind(at: index) == .table else { throw state.mismatch(luaType, at: index) }
    if state.rawLength(at: index) > 0 {
      return NamedTokenizers(
        entries: try [Pair].read(state, at: index).map { ($0.name, $0.tokenizer.tokenizer) })
    }
    let named = try [String: TokenizerObject].read(state, at: index)
    // The smallest vocabulary first: the others are compared with it.
    let sorted = named.sorted { ($0.value.tokenizer.count, $0.key) < ($1.value.tokenizer.count, $1.key) }
    return NamedTokenizers(entries: sorted.map { ($0.key, $0.value.tokenizer) })
  }

  func push(to state: LuaState) throws { try entries.map(\.name).push(to: state) }

  func compare(_ text: TextChoice) throws -> ComparisonObject {
    ComparisonObject(try text.compare(entries))
  }

  private struct Pair: LuaValue {
    let name: String
    let tokenizer: TokenizerObject
    static var luaType: String { "{ string, Tokenizer }" }

    static func read(_ state: LuaState, at index: Int32) throws -> Pair {
      guard state.kind(at: index) == .table else { throw state.mismatch(luaType, at: index) }
      let table = try LuaTable.read(state, at: index)
      guard let name = try table.get(1, as: String.self),
        let tokenizer = try table.get(2, as: TokenizerObject.self)
      else { throw ValueFault("a name and a tokenizer expected") }
      return Pair(name: name, tokenizer: tokenizer)
    }

    func push(to state: LuaState) throws { try name.push(to: state) }
  }
}

/// A comparison as Lua holds it.
final class ComparisonObject: LuaObject, CustomStringConvertible {
  let comparison: TokenizerComparison
  init(_ comparison: TokenizerComparison) { self.comparison = comparison }
  var description: String { comparison.description }

  static let luaClass = LuaClass<ComparisonObject>(
    "TokenizerComparison", "How many tokens several vocabularies need for the same text.",
    [
      .property("bytes", "UTF-8 bytes of the text.") { $0.comparison.bytes },
      .property("characters", "Characters of the text.") { $0.comparison.characters },
      .property("tokens", "Tokens by tokenizer.") { object in
        Dictionary(
          object.comparison.rows.map { ($0.name, $0.tokens) }, uniquingKeysWith: { first, _ in first })
      },
      .property("bytes_per_token", "Bytes a token, by tokenizer.") { object in
        Dictionary(
          object.comparison.rows.map { ($0.name, object.comparison.bytesPerToken($0)) },
          uniquingKeysWith: { first, _ in first })
      },
    ])
}
