import Decoding
import Models
import Scripting
import Tokenizers

/// What is continued: text, or token ids.
typealias Prompt = Either<String, [Int32]>

/// What generation gives: text, or token ids.
typealias Generated = Either<String, [Int32]>

/// A prompt, or a table of prompts that are continued together.
enum Prompts: LuaValue {
  case one(Prompt)
  case several([Prompt])

  static var luaType: String { "\(Prompt.luaType)|\([Prompt].luaType)" }
  static func accepts(_ state: LuaState, at index: Int32) -> Bool { Prompt.accepts(state, at: index) }

  /// A table of prompts begins with a text or a table, one of token ids with a number.
  static func read(_ state: LuaState, at index: Int32) throws -> Prompts {
    guard state.kind(at: index) == .table else { return .one(try Prompt.read(state, at: index)) }
    let index = state.absolute(index)
    try state.reserve(4)
    state.rawGet(1, from: index)
    let first = state.kind(at: -1)
    state.pop()
    return first == .string || first == .table
      ? .several(try [Prompt].read(state, at: index)) : .one(try Prompt.read(state, at: index))
  }

  func push(to state: LuaState) throws {
    switch self {
    case .one(let prompt): try prompt.push(to: state)
    case .several(let prompts): try prompts.push(to: state)
    }
  }
}

struct GenerateChoices: LuaOptions {
  var maxTokens: Int?
  var temperature: Float = 1
  var topK: Int?
  var topP: Float?
  var repetitionPenalty: Float = 1
  var stop: Either<String, [String]>?
  var seed: UInt64?
  var logits: LuaCallback?
  var returnIDs = false

  static let luaName = "GenerateOptions"
  static let fields: [Field<Self>] =
    sampling + [
      Field("return_ids", "whether ids come back in place of text", \Self.returnIDs)
    ]
  private static let sampling: [Field<Self>] = [
    Field("max_tokens", "upper bound on new tokens (256, or what the context still takes)", \Self.maxTokens),
    Field("temperature", "divides the logits; 0 picks the likeliest token", \Self.temperature),
    Field("top_k", "choose among so many of the likeliest tokens", \Self.topK),
    Field("top_p", "choose among the likeliest tokens that reach this total probability", \Self.topP),
    Field(
      "repetition_penalty", "above 1: what the context holds becomes less likely", \Self.repetitionPenalty),
    Field("stop", "a text, or texts, that end the answer and are not part of it", \Self.stop),
    Field("seed", "the same seed gives the same choices", \Self.seed),
    Field("logits", "function(logits, ids) that changes logits[id] in place before a choice", \Self.logits),
  ]

  func options() -> GenerateOptions {
    let stops: [String] =
      switch stop {
      case .first(let text): [text]
      case .second(let texts): texts
      case nil: []
      }
    return GenerateOptions(
      maxTokens: maxTokens, temperature: temperature, topK: topK, topP: topP,
      repetitionPenalty: repetitionPenalty,
      stop: stops, seed: seed, logits: logits.map(Self.hook))
  }

  /// Shows the logits to a Lua function as a table by token id, and takes over what it leaves there.
  private static func hook(_ function: LuaCallback) -> LogitsHook {
    { logits, ids in
      let state = try function.reference.state()
      let table = try LogitsTable.make(logits, in: state)
      try function.run(table, ids)
      try LogitsTable.read(table, into: &logits)
    }
  }

  func generate(_ model: LanguageModel, _ prompts: Prompts) throws -> Either<Generated, [Generated]> {
    switch prompts {
    case .one(let prompt):
      let generator = try generator(model, prompt)
      guard returnIDs else {
        return .first(.first(try TextStream(generator: generator, model: model).rest()))
      }
      while try generator.next() != nil {}
      return .first(.second(generator.ids))
    case .several(let prompts):
      let batch = try GenerationBatch(
        model: model, prompts: prompts.map { try ids(of: $0, model) }, options: options())
      return .second(try returnIDs ? batch.ids().map { .second($0) } : batch.texts().map { .first($0) })
    }
  }

  func stream(_ model: LanguageModel, _ prompt: Prompt) throws -> LuaIterator<String> {
    if returnIDs { throw BadArgument("return_ids", "a stream gives text; generate gives ids") }
    let stream = try TextStream(generator: generator(model, prompt), model: model)
    return LuaIterator { try stream.next() }
  }

  private func generator(_ model: LanguageModel, _ prompt: Prompt) throws -> Generator {
    try Generator(model: model, prompt: ids(of: prompt, model), options: options())
  }

  private func ids(of prompt: Prompt, _ model: LanguageModel) throws -> [Int32] {
    let ids: [Int32] =
      switch prompt {
      case .first(let text): try model.promptTokens(text)
      case .second(let ids): ids
      }
    if let stray = ids.first(where: { $0 < 0 || Int($0) >= model.spec.vocabSize }) {
      throw BadArgument("prompt", "token ids from 0 to \(model.spec.vocabSize - 1) expected, got \(stray)")
    }
    return ids
  }
}

/// Logits as a Lua table whose keys are token ids, counted from 0.
private enum LogitsTable {
  static func make(_ logits: [Float], in state: LuaState) throws -> LuaTable {
    try state.reserve(4)
    try state.pushTable(array: logits.count, fields: 1)
    for (id, value) in logits.enumerated() {
      state.push(Double(value))
      try state.rawSet(id, into: -2)
    }
    return LuaTable(try state.takeReference())
  }

  static func read(_ table: LuaTable, into logits: inout [Float]) throws {
    try table.reading { state in
      for id in logits.indices {
        state.rawGet(id, from: -1)
        defer { state.pop() }
        guard let value = state.number(at: -1), !value.isNaN else {
          let got = state.kind(at: -1) == .number ? "nan" : state.typeName(at: -1)
          throw BadArgument("logits", "a number expected in logits[\(id)], got \(got)")
        }
        logits[id] = Float(value)
      }
    }
  }
}

struct AnswerChoices: LuaOptions {
  var input = ""
  var generate = GenerateChoices()
  static let luaName = "AnswerOptions"
  static let fields: [Field<Self>] =
    [Field("input", "what the instruction is about", \Self.input)]
    + GenerateChoices.fields.filter { $0.name != "return_ids" }.map { $0.nested(in: \Self.generate) }

  func answer(_ model: LanguageModel, _ instruction: String) throws -> String {
    guard let tokenizer = model.tokenizer else {
      throw BadArgument("self", "a model with a tokenizer expected")
    }
    guard let template = model.template else {
      throw BadArgument("self", "a model with a template expected; set m.template = 'alpaca'")
    }
    let row = InstructionRow(instruction: instruction, input: input, output: "")
    let generator = try naming(["prompt": "instruction"]) {
      try Generator(model: model, prompt: template.promptTokens(row, tokenizer), options: generate.options())
    }
    let text = try TextStream(generator: generator, model: model, stop: template.stopStrings).rest()
    return text.trimmingSpace()
  }
}

struct ConversationChoices: LuaOptions {
  var system: String?
  var generate = GenerateChoices()
  static let luaName = "ConversationOptions"
  static let fields: [Field<Self>] =
    [Field("system", "a message before the first turn", \Self.system)]
    + GenerateChoices.fields.filter { $0.name != "return_ids" }.map { $0.nested(in: \Self.generate) }

  func open(_ model: LanguageModel) throws -> ConversationObject {
    ConversationObject(try Chat(model: model, options: generate.options(), system: system))
  }
}

/// A conversation as Lua holds it.
final class ConversationObject: LuaObject {
  let chat: Chat
  init(_ chat: Chat) { self.chat = chat }

  static let luaClass = LuaClass<ConversationObject>(
    "Conversation", "Turns of a person and a model.",
    [
      .method(
        "reply", "Answers a text; the answer can be shown as it comes.",
        Param<String>("text", "what was said"),
        Param<LuaCallback?>("on_piece", "called with each piece of the answer"),
        returns: Returns<String>("answer", "all of it"), example: "conversation:reply('你好', io.write)"
      ) { conversation, text, show in
        try naming(["prompt": "text"]) {
          try conversation.chat.reply(to: text) { piece in try show?.run(piece) }
        }
      },
      .method("reset", "Forgets all turns but the system message.", example: "conversation:reset()") {
        conversation in
        conversation.chat.reset()
      },
      .length { $0.chat.messages.count },
    ])
}

extension String {
  /// The text without white space at its ends.
  func trimmingSpace() -> String {
    var rest = Substring(self)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
