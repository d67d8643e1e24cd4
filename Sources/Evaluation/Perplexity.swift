public import Corpus
public import Models
import Processes
import Tensors
import Tokenizers

/// What a model is measured on.
public enum EvaluationData {
  /// One text.
  case text(String)
  /// Documents, each from its own BOS; of lessons the answers and their end tokens are predicted.
  case documents(any DocumentStream)
  /// Rows of ids with targets, such as packed instruction rows: the mean runs over their trained tokens.
  case rows(any RowSource)
}

/// How long texts are cut, and how much of the data is measured.
public struct PerplexityOptions: Equatable, Sendable {
  /// Predicted tokens of a window; nil: the model's context.
  public var window: Int?
  /// How far windows advance over a longer text; nil: half a window.
  public var stride: Int?
  /// Stops after the document or row with which this many tokens are reached; nil: all of the data.
  public var tokens: Int?
  /// Stops after the document with which so many UTF-8 bytes of text, of lessons of answers, are reached.
  ///
  /// These are the same documents whatever the tokenizer; nil: all of the data. Rows have no bytes.
  public var bytes: Int?

  public init(window: Int? = nil, stride: Int? = nil, tokens: Int? = nil, bytes: Int? = nil) {
    self.window = window
    self.stride = stride
    self.tokens = tokens
    self.bytes = bytes
  }

  /// The window for a model with this context.
  public func window(context: Int) throws -> Int { try resolved(context: context).window }

  /// Window and stride for a model with this context.
  func resolved(context: Int) throws -> (window: Int, stride: Int) {
    func require(_ value: Int, upTo limit: Int, _ argument: String) throws {
      guard value >= 1, value <= limit else {
        throw EvaluationError(
          argument: argument, reason: "a number from 1 to \(limit) expected, got \(value)")
      }
    }
    let window = window ?? context
    try require(window, upTo: context, "window")
    let stride = stride ?? max(1, window / 2)
    try require(stride, upTo: window, "stride")
    if let tokens { try require(tokens, upTo: .max, "tokens") }
    if let bytes { try require(bytes, upTo: .max, "bytes") }
    return (window, stride)
  }
}

/// How well `model` predicts the data.
///
/// BOS is given and not counted, no EOS is added, every token is counted once. Texts longer than the context are read
/// in windows, each after BOS, that overlap so that later tokens keep at least `window - stride` tokens of context.
/// Dropout is off and no gradient is kept.
public func perplexity(
  _ model: LanguageModel, of data: EvaluationData, options: PerplexityOptions = PerplexityOptions()
) throws -> EvaluationResult {
  let context = model.transformer.spec.maxPositionEmbeddings
  let (window, stride) = try options.resolved(context: context)
  var meter = Meter(model: model, window: window, stride: stride)
  switch data {
  case .rows(let source):
    guard options.bytes == nil else {
      throw EvaluationError(argument: "bytes", reason: "rows of ids have no bytes; give documents, or tokens")
    }
    return try meter.measure(source, upTo: options.tokens)
  case .text(let text):
    try meter.add(text)
  case .documents(let stream):
    let cursor = try stream.open()
    while let document = try cursor.next() {
      switch document.content {
      case .text(let text): try meter.add(text)
      case .lesson(let row, let template): try meter.add(row, template, at: document.location)
      }
      if let limit = options.tokens, meter.tokens >= limit { break }
      if let limit = options.bytes, meter.bytes >= limit { break }
    }
  }
  return try meter.result()
}

/// Adds up likelihoods, several short documents to a row.
struct Meter {
  let model: LanguageModel
  let window: Int
  let stride: Int
  private(set) var tokens = 0
  private var total = 0.0
  private(set) var bytes = 0
  private var characters = 0
  private var documents = 0
  private var waiting = PendingRow()

  init(model: LanguageModel, window: Int, stride: Int) {
    self.model = model
    self.window = window
    self.stride = stride
  }

  mutating func add(_ text: String) throws {
    try Interrupt.check()
    let tokenizer = try model.requireTokenizer()
    let ids = try tokenizer.encode(text)
    documents += 1
    bytes += text.utf8.count
    characters += text.unicodeScalars.count
    for piece in WindowPlan(tokens: ids.count, window: window, stride: stride).windows {
      let row = WindowRow(piece, of: ids, bos: tokenizer.bosID)
      if row.ids.isEmpty { continue }
      try add(row.ids, row.targets)
    }
  }

  mutating func add(_ lesson: InstructionRow, _ template: ChatTemplate, at location: String) throws {
    try Interrupt.check()
    let masked = try template.tokens(for: lesson, try model.requireTokenizer())
    let context = model.transformer.spec.maxPositionEmbeddings
    guard masked.ids.count - 1 <= context else {
      throw EvaluationError(
        argument: "data",
        reason: "\(location): a lesson of \(masked.ids.count) tokens does not fit into the model's "
          + "context of \(context)")
    }
    try add(masked, answer: lesson.output)
  }

  /// A lesson whose tokens fit into the context.
  mutating func add(_ masked: MaskedTokens, answer: String) throws {
    documents += 1
    bytes += answer.utf8.count
    characters += answer.unicodeScalars.count
    let targets = zip(masked.ids, masked.trained).dropFirst().map { $0.1 ? $0.0 : -1 }
    try add(Array(masked.ids.dropLast()), targets)
  }

  private mutating func add(_ ids: [Int32], _ targets: [Int32]) throws {
    if waiting.ids.count + ids.count > window { try flush() }
    waiting.append(ids, targets)
    tokens += targets.count { $0 >= 0 }
  }

  mutating func measure(_ source: any RowSource, upTo limit: Int?) throws -> EvaluationResult {
    let cursor = try source.open()
    while let row = try cursor.next() {
      try Interrupt.check()
      total += try nll(row.ids, row.targets, row.documents)
      tokens += row.trainedCount
      documents += 1
      if let limit, tokens >= limit { break }
    }
    guard tokens > 0 else { throw EvaluationError(argument: "data", reason: "there is no token to predict") }
    return EvaluationResult(
      totalNLL: total, tokens: tokens, bytes: nil, characters: nil, documents: documents, window: 0, stride: 0
    )
  }

  /// - Parameter skipped: lessons that were not measured; such a measurement has no windows either.
  mutating func result(skipped: Int? = nil) throws -> EvaluationResult {
    try flush()
    guard tokens > 0 else { throw EvaluationError(argument: "data", reason: "there is no token to predict") }
    return EvaluationResult(
      totalNLL: total, tokens: tokens, bytes: bytes, characters: characters, documents: documents,
      skipped: skipped ?? 0, window: skipped == nil ? window : 0, stride: skipped == nil ? stride : 0)
  }

  private mutating func flush() throws {
    guard !waiting.ids.isEmpty else { return }
    total += try nll(waiting.ids, waiting.targets, waiting.documents)
    waiting = PendingRow()
  }

  private func nll(_ ids: [Int32], _ targets: [Int32], _ documents: [Int]) throws -> Double {
    defer { ProcessMemory.returnFreePages() }
    return try withoutGradients {
      Double(try model.transformer.loss(ids: ids, targets: targets, documents: documents).item())
    }
  }
}

private struct PendingRow {
  var ids: [Int32] = []
  var targets: [Int32] = []
  var documents: [Int] = []

  mutating func append(_ ids: [Int32], _ targets: [Int32]) {
    self.ids += ids
    self.targets += targets
    documents.append(ids.count)
  }
}

extension LanguageModel {
  /// The tokenizer, or an error for a model that has none.
  func requireTokenizer() throws -> any Tokenizer {
    guard let tokenizer else { throw EvaluationError(argument: "model", reason: "it has no tokenizer") }
    return tokenizer
  }
}
