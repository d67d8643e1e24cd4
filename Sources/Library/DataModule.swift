import Corpus
import Scripting
import Tokenizers

let dataModule = LuaModule(
  "yuyan.data", "Streams of documents, and rows of tokens made of them; nothing is loaded whole.",
  [
    LuaFunction(
      "text", "Reads documents from text files, or from a field of JSON rows.",
      Param<TextSource>("source", "files and how they hold documents"),
      returns: Returns<StreamObject>("documents", "a lazy stream"),
      example: "yy.data.text({ 'zh/wiki/*.jsonl', field = 'text' })"
    ) { source in try source.open() },
    LuaFunction(
      "instructions", "Reads instruction rows; their answers are what training predicts.",
      Param<InstructionSource>("source", "files and their format"),
      returns: Returns<StreamObject>("lessons", "a lazy stream"),
      example: "yy.data.instructions({ 'alpaca_zh.json', format = 'alpaca', template = 'alpaca' })"
    ) { source in try source.open() },
    LuaFunction(
      "split", "Divides documents into a part to train on and a part to measure with.",
      Param<StreamObject>("documents", "any stream"), Param<SplitOptions>("options", "how much is held out"),
      returns: Returns<StreamObject>("training", "the larger part"),
      Returns<StreamObject>("held_out", "the other part"),
      example: "yy.data.split(wiki, { held_out = 0.01, seed = 1 })"
    ) { documents, options in try options.split(documents) },
    LuaFunction(
      "mix", "Mixes streams by shares of tokens.",
      Param<MixOptions>("sources", "{ stream, weight = share } one after the other"),
      returns: Returns<StreamObject>("documents", "a lazy stream"),
      example: "yy.data.mix({ { wiki, weight = 0.7 }, { books, weight = 0.3 }, seed = 1 })"
    ) { options in try options.mix() },
    LuaFunction(
      "pack", "Packs documents into rows of tokens; documents stay isolated and no token is lost.",
      Param<StreamObject>("documents", "any stream"), Param<PackChoices>("options", "the rows"),
      returns: Returns<RowsObject>("rows", "lazy rows of tokens"),
      example: "yy.data.pack(mix, { tokenizer = tok, length = 512, tokens = 3e6 })"
    ) { documents, options in try options.pack(documents) },
    LuaFunction(
      "ids", "Takes ready-made token ids as rows.", Param<[Int32]>("ids", "token ids, counted from 0"),
      Param<IdsOptions>("options", "the rows"), returns: Returns<RowsObject>("rows", "rows of tokens"),
      example: "yy.data.ids({ 5, 6, 7, 8 }, { length = 2 })"
    ) { ids, options in RowsObject(try IdsData(ids, length: options.length)) },
  ],
  classes: [StreamObject.luaClass, RowsObject.luaClass, LedgerObject.luaClass, ShownRows.luaClass])

struct TextSource: LuaOptions {
  var files: [String] = []
  var field: String?
  var whole = false
  var name: String?
  static let luaName = "TextSource"
  static let fields = [
    Field(list: "files", "text or JSON files; * and ** work", \Self.files, required: true),
    Field("field", "the key of the text in JSON rows; a.b is b inside of a", \Self.field),
    Field("whole", "whether each file is one document; without it each line is", \Self.whole),
    Field("name", "what tables and messages call the stream", \Self.name),
  ]

  func open() throws -> StreamObject {
    guard let field else { return StreamObject(try TextStream(files, whole: whole, name: name)) }
    if whole {
      throw BadArgument("whole", "JSON rows are documents each; field and whole exclude each other")
    }
    return StreamObject(try JSONLinesStream(files, field: field, name: name))
  }
}

struct InstructionSource: LuaOptions {
  var files: [String] = []
  var format = "alpaca"
  var template = "alpaca"
  var name: String?
  static let luaName = "InstructionSource"
  static let fields = [
    Field(list: "files", "JSON arrays or JSON lines; * and ** work", \Self.files, required: true),
    Field("format", "how rows hold instructions: alpaca", \Self.format),
    Field("template", "how rows become text: alpaca or ymcui-alpaca", \Self.template),
    Field("name", "what tables and messages call the stream", \Self.name),
  ]

  func open() throws -> StreamObject {
    StreamObject(
      try InstructionStream(
        files, format: InstructionFormat.named(format), template: namedTemplate(template), name: name))
  }
}

/// The template of that name; another name is a fault of the option `template`.
private func namedTemplate(_ name: String) throws -> ChatTemplate {
  guard let template = ChatTemplate.all.first(where: { $0.name == name }) else {
    let names = ChatTemplate.all.map { "'\($0.name)'" }.joined(separator: ", ")
    throw BadArgument("template", "one of \(names) expected, got '\(name)'")
  }
  return template
}

struct SplitOptions: LuaOptions {
  var heldOut = 0.01
  var seed: UInt64 = 0
  static let luaName = "SplitOptions"
  static let fields = [
    Field("held_out", "expected share of documents in the second part", \Self.heldOut),
    Field("seed", "another seed holds out other documents", \Self.seed),
  ]

  func split(_ documents: StreamObject) throws -> (StreamObject, StreamObject) {
    let parts = try Corpus.split(documents.stream, heldOut: heldOut, seed: seed)
    return (StreamObject(parts.training), StreamObject(parts.heldOut))
  }
}

struct MixSource: LuaOptions {
  var stream: StreamObject?
  var weight: Either<Double, LuaCallback> = .first(1)
  var once = false
  static let luaName = "MixSource"
  static let fields = [
    Field(element: 1, "documents", "a stream", \Self.stream),
    Field("weight", "share of the tokens, or a function of the progress from 0 to 1", \Self.weight),
    Field("once", "whether it does not start again at its end", \Self.once),
  ]

  func validate() throws {
    if case .first(let share) = weight, !(share >= 0 && share.isFinite) {
      throw BadArgument("weight", "a number from 0 on expected, got \(share)")
    }
  }

  func source() throws -> MixedStream.Source {
    guard let stream else { throw BadArgument("sources", "each source needs a stream") }
    switch weight {
    case .first(let share): return .init(stream.stream, weight: .share(share), once: once)
    case .second(let function):
      return .init(
        stream.stream,
        weight: .function(fingerprint: try function.fingerprint()) { progress in
          try function.call(progress, returning: Double.self)
        }, once: once)
    }
  }
}

struct MixOptions: LuaOptions {
  var sources: [MixSource] = []
  var seed: UInt64?
  static let luaName = "MixOptions"
  static let fields = [
    Field(list: "sources", "tables of a stream and its weight", \Self.sources, required: true),
    Field("seed", "shuffles the documents of each source, anew in every pass", \Self.seed),
  ]

  func mix() throws -> StreamObject {
    StreamObject(try MixedStream(sources.map { try $0.source() }, seed: seed))
  }
}

struct PackChoices: LuaOptions {
  var tokenizer: TokenizerObject?
  var length = 512
  var tokens: Double?
  var bos: Bool?
  var eos: Bool?
  var onLong: OverlongPolicy?
  var onEmpty = EmptyPolicy.error
  var seed: UInt64?
  static let luaName = "PackOptions"
  static let fields = [
    Field("tokenizer", "cuts the documents into tokens", \Self.tokenizer, required: true),
    Field("length", "the most tokens in a row", \Self.length),
    Field("tokens", "stop after so many; sources start again until then", \Self.tokens),
    Field("bos", "a begin token before each text (if the tokenizer has one)", \Self.bos),
    Field("eos", "an end token after each text (if the tokenizer has one)", \Self.eos),
    Field(
      "on_long", "what to do with a document longer than a row (texts: split, lessons: error)", \Self.onLong),
    Field("on_empty", "what to do with a document that trains nothing", \Self.onEmpty),
    Field("seed", "shuffles the documents, anew in every pass", \Self.seed),
  ]

  func pack(_ documents: StreamObject) throws -> RowsObject {
    guard let tokenizer else { throw BadArgument("tokenizer", "a tokenizer expected") }
    let budget = try tokens.map { number in
      guard let count = Int(exactly: number.rounded()), count > 0 else {
        throw BadArgument("tokens", "a positive number expected, got \(number)")
      }
      return count
    }
    let options = PackOptions(
      length: length, tokens: budget, bos: bos, eos: eos, overlong: onLong, onEmpty: onEmpty,
      seed: seed)
    return RowsObject(try PackedData(documents.stream, tokenizer: tokenizer.tokenizer, options: options))
  }
}

struct IdsOptions: LuaOptions {
  var length = 512
  static let luaName = "IdsOptions"
  static let fields = [Field("length", "tokens in a row; the last may be shorter", \Self.length)]
}
