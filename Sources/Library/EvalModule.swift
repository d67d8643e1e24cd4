import Corpus
import Evaluation
import Models
import Scripting

let evalModule = LuaModule(
  "yuyan.eval", "How well a model predicts text and answers.",
  [
    LuaFunction(
      "perplexity", "Measures how well a model predicts text: each token once, after BOS, without EOS.",
      Param<LanguageModel>("model", "what is measured"),
      Param<MeasuredData>("data", "a text, a list of text files as for yy.data.text, documents or rows"),
      Param<PerplexityChoices>("options", "windows over long texts"),
      returns: Returns<EvaluationObject>("result", "prints as a table"),
      example: "yy.eval.perplexity(m, { 'zh/*.txt' }).bits_per_byte"
    ) { model, data, options in
      EvaluationObject(try perplexity(model, of: data.data(), options: options.options()))
    },
    LuaFunction(
      "answers", "Measures how well a model predicts the answers of lessons and that they end.",
      Param<LanguageModel>("model", "what is measured"),
      Param<StreamObject>("lessons", "from yy.data.instructions"),
      Param<AnswersChoices>("options", "the longest lesson; others are skipped and counted"),
      returns: Returns<EvaluationObject>("result", "tokens: of answers and their ends; bytes: of answers"),
      example: "yy.eval.answers(m, held_out, { length = 512 }).nll"
    ) { model, lessons, options in try options.measure(model, lessons) },
  ],
  classes: [EvaluationObject.luaClass])

/// What can be measured: a text, documents, rows or files.
enum MeasuredData: LuaValue {
  case text(String)
  case documents(StreamObject)
  case rows(RowsObject)
  case files(TextSource)

  static var luaType: String { "string|Documents|Rows|table" }
  static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    if state.kind(at: index) == .table { return holdsPaths(state, at: index) }
    return String.accepts(state, at: index) || StreamObject.accepts(state, at: index)
      || RowsObject.accepts(state, at: index)
  }

  /// Whether a table names files, and not data sets.
  private static func holdsPaths(_ state: LuaState, at index: Int32) -> Bool {
    guard let table = try? LuaTable.read(state, at: index) else { return false }
    return (try? table.get(1, as: String.self)) ?? nil != nil
  }

  static func read(_ state: LuaState, at index: Int32) throws -> MeasuredData {
    if StreamObject.accepts(state, at: index) { return .documents(try StreamObject.read(state, at: index)) }
    if RowsObject.accepts(state, at: index) { return .rows(try RowsObject.read(state, at: index)) }
    switch state.kind(at: index) {
    case .string: return .text(try String.read(state, at: index))
    case .table: return .files(try TextSource.read(state, at: index))
    default: throw state.mismatch("a text, a list of files, Documents or Rows", at: index)
    }
  }

  func push(to state: LuaState) throws {
    switch self {
    case .text(let text): try text.push(to: state)
    case .documents(let stream): try stream.push(to: state)
    case .rows(let rows): try rows.push(to: state)
    case .files(let source): try source.push(to: state)
    }
  }

  func data() throws -> EvaluationData {
    switch self {
    case .text(let text): .text(text)
    case .documents(let stream): .documents(stream.stream)
    case .rows(let rows): .rows(rows.source)
    case .files(let source): .documents(try source.open().stream)
    }
  }
}

struct PerplexityChoices: LuaOptions {
  var window: Int?
  var stride: Int?
  var tokens: Int?
  var bytes: Int?
  static let luaName = "PerplexityOptions"
  static let bytesHelp = "stop after the document that reaches so many bytes: the same ones for any tokenizer"
  static let fields = [
    Field("window", "predicted tokens of a window over a long text (the model's context)", \Self.window),
    Field("stride", "how far windows advance (half a window)", \Self.stride),
    Field("tokens", "stop after the document that reaches so many tokens", \Self.tokens),
    Field("bytes", bytesHelp, \Self.bytes),
  ]

  func options() -> PerplexityOptions {
    PerplexityOptions(window: window, stride: stride, tokens: tokens, bytes: bytes)
  }
}

struct AnswersChoices: LuaOptions {
  var length: Int?
  var characters: Int?
  static let luaName = "AnswersOptions"
  static let fields = [
    Field("length", "longer lessons are skipped, in tokens (the model's context)", \Self.length),
    Field(
      "characters", "longer lessons are skipped, in characters: the same for any tokenizer", \Self.characters),
  ]

  func measure(_ model: LanguageModel, _ lessons: StreamObject) throws -> EvaluationObject {
    EvaluationObject(
      try answers(model, of: lessons.stream, options: AnswersOptions(length: length, characters: characters)))
  }
}

/// A measurement as Lua holds it.
final class EvaluationObject: LuaObject, CustomStringConvertible {
  let result: EvaluationResult
  init(_ result: EvaluationResult) { self.result = result }
  var description: String { result.description }

  static let luaClass = LuaClass<EvaluationObject>(
    "Evaluation", "How well a model predicted a text.",
    [
      .property("nll", "Mean negative log-likelihood, in nats a predicted token.") { $0.result.nll },
      .property("perplexity", "exp(nll); compares only under the same tokenizer.") { $0.result.perplexity },
      .property(
        "bits_per_byte",
        "Compares across tokenizers; nil for rows; of lessons over the answers' bytes, their ends included."
      ) { $0.result.bitsPerByte },
      .property("bits_per_character", "Compares across tokenizers; nil for rows.") {
        $0.result.bitsPerCharacter
      },
      .property("tokens", "Predicted tokens.") { $0.result.tokens },
      .property("bytes", "UTF-8 bytes of the text, of lessons of their answers; nil for rows.") {
        $0.result.bytes
      },
      .property("characters", "Characters of the text, of lessons of their answers; nil for rows.") {
        $0.result.characters
      },
      .property("documents", "Documents or lessons that were measured; of rows, the rows.") {
        $0.result.documents
      },
      .property("skipped", "Lessons that were not: too long, or without an answer.") { $0.result.skipped },
    ])
}
