public import Scripting
public import Tokenizers

/// A tokenizer as Lua holds it.
public final class TokenizerObject: LuaObject, CustomStringConvertible {
  public let tokenizer: any Tokenizer

  public init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

  public var description: String { "tokenizer (\(tokenizer.kind), \(tokenizer.count) pieces)" }

  public static let luaClass = LuaClass<TokenizerObject>(
    "Tokenizer", "A vocabulary and the rule that cuts text into its pieces.",
    [
      .method(
        "encode", "Cuts a text into token ids, without begin or end token.",
        Param<String>("text", "any text"),
        returns: Returns<[Int32]>("ids", "counted from 0, as the vocabulary does"),
        example: "tok:encode('你好')"
      ) { tok, text in try tok.tokenizer.encode(text) },
      .method(
        "decode", "Puts the text of token ids together.", Param<[Int32]>("ids", "token ids"),
        returns: Returns<String>("text", "bytes that form no character become U+FFFD"),
        example: "tok:decode({ 1, 2 })"
      ) { tok, ids in try tok.tokenizer.decode(tok.checked(ids)) },
      .method(
        "pieces", "Shows the pieces that a text is cut into.", Param<String>("text", "any text"),
        returns: Returns<[String]>("pieces", "as the vocabulary writes them"), example: "tok:pieces('你好')"
      ) { tok, text in try tok.tokenizer.pieces(text) },
      .method(
        "id", "Finds a piece.", Param<String>("piece", "as the vocabulary writes it"),
        returns: Returns<Int32?>("id", "nil when there is no such piece"), example: "tok:id('好')"
      ) { tok, piece in tok.tokenizer.id(of: piece) },
      .method(
        "piece", "Gives the piece of an id.", Param<Int32>("id", "counted from 0"),
        returns: Returns<String?>("piece", "nil outside of the vocabulary"), example: "tok:piece(7)"
      ) { tok, id in tok.tokenizer.piece(id) },
      .method(
        "save", "Writes the model file.", Param<String>("path", "a .model file"),
        example: "tok:save('zh.model')"
      ) { tok, path in try tok.tokenizer.save(to: path) },
      .method(
        "merge", "Puts the pieces of another vocabulary at the end of this one; ids stay.",
        Param<TokenizerObject>("extra", "the vocabulary to take pieces from"),
        Param<MergeChoices>("options", "by which rule"),
        returns: Returns<TokenizerObject>("merged", "a new tokenizer"),
        Returns<MergeReportObject>("report", "what was added, what not and why"),
        example: "llama:merge(zh, { rule = 'append' })"
      ) { tok, extra, options in try tok.merge(extra, options) },
      .method(
        "add_piece", "Gives a new tokenizer with one more piece at its end.",
        Param<String>("piece", "such as [PAD]"),
        returns: Returns<TokenizerObject>("tokenizer", "a new tokenizer"), example: "tok:add_piece('[PAD]')"
      ) { tok, piece in TokenizerObject(try tok.sentencePiece("self").addPiece(piece)) },
      .property("kind", "The algorithm: bpe, unigram, char or word.") { $0.tokenizer.kind },
      .property("bos_id", "The id of the begin token, or nil.") { $0.tokenizer.bosID },
      .property("eos_id", "The id of the end token, or nil.") { $0.tokenizer.eosID },
      .property("unknown_id", "The id of the unknown token, or nil.") { $0.tokenizer.unknownID },
      .property("pad_id", "The id of the padding token, or nil.") { $0.tokenizer.padID },
      .property("fingerprint", "SHA-256 of the model.") { $0.tokenizer.fingerprint },
      .length { $0.tokenizer.count },
    ])

  func sentencePiece(_ argument: String) throws -> SentencePieceTokenizer {
    guard let tokenizer = tokenizer as? SentencePieceTokenizer else {
      throw BadArgument(argument, "sentencepiece tokenizer expected, got a \(tokenizer.kind) one")
    }
    return tokenizer
  }

  private func checked(_ ids: [Int32]) throws -> [Int32] {
    if let stray = ids.first(where: { $0 < 0 || Int($0) >= tokenizer.count }) {
      throw BadArgument("ids", "ids from 0 to \(tokenizer.count - 1) expected, got \(stray)")
    }
    return ids
  }

  private func merge(_ extra: TokenizerObject, _ choices: MergeChoices) throws -> (
    TokenizerObject, MergeReportObject
  ) {
    var options = MergeOptions(rule: choices.rule, sample: try TextLines.all(of: choices.sample))
    options.protectsLatin = choices.protectLatin
    options.texts = try choices.count.map { ($0, try TextLines.all(of: [$0])) }
    let result = try sentencePiece("self").merge(extra.sentencePiece("extra"), options)
    return (TokenizerObject(result.tokenizer), MergeReportObject(result.report))
  }
}

struct MergeChoices: LuaOptions {
  var rule = MergeRule.safe
  var sample: [String] = []
  var protectLatin: Bool?
  var count: [String] = []
  static let luaName = "MergeOptions"
  static let fields = [
    Field("rule", "safe keeps old text as it was; append is the published rule", \Self.rule),
    Field("sample", "files of old-language text that must be cut as before", \Self.sample),
    Field("protect_latin", "keep out pieces of nothing but Latin letters and signs", \Self.protectLatin),
    Field("count", "files to count tokens on, before and after", \Self.count),
  ]
}

/// What a merge did, as Lua holds it.
final class MergeReportObject: LuaObject, CustomStringConvertible {
  let report: MergeReport
  init(_ report: MergeReport) { self.report = report }
  var description: String { report.description }

  static let luaClass = LuaClass<MergeReportObject>(
    "MergeReport", "What a merge of two vocabularies did.",
    [
      .property("base", "Pieces of the base.") { $0.report.base },
      .property("extra", "Pieces of the other vocabulary.") { $0.report.extra },
      .property("added", "Pieces that joined.") { $0.report.added },
      .property("total", "Pieces of the merged vocabulary.") { $0.report.total },
      .property("duplicates", "Pieces that the base had already.") { $0.report.duplicates },
      .property("rejected", "How many pieces did not join, by cause.") { report in
        Dictionary(uniqueKeysWithValues: report.report.rejected.map { ($0.key.rawValue, $0.value.count) })
      },
    ])
}
