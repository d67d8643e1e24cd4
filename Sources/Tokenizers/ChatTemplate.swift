import Files

/// How a conversation becomes one text, and which part of it a model learns to write.
///
/// A template is data; a new one is an entry in `ChatTemplate.all`. Training, chat and evaluation take their
/// tokens from the same value, so they cannot differ.
public struct ChatTemplate: Equatable, Sendable {
  /// How text becomes tokens.
  public enum Encoding: String, Sendable {
    /// Prompt and answer as one text; a token across their border belongs to the prompt.
    case together
    /// Prompt and answer each on their own, as some published systems do.
    case apart
  }

  public let name: String
  public let summary: String
  /// What comes before the first turn; a system message replaces it.
  let preamble: String
  /// The same where the first turn has an input.
  let preambleWithInput: String
  /// A turn up to the answer; holds "{instruction}".
  let turn: String
  /// The same for a turn with an input; holds "{input}" too.
  let turnWithInput: String
  public let encoding: Encoding
  /// Text that shows that a model goes on with the user's part.
  public let stopStrings: [String]

  /// SHA-256 of all that decides which tokens come out.
  public var fingerprint: String {
    let parts = [preamble, preambleWithInput, turn, turnWithInput, encoding.rawValue] + stopStrings
    return SHA256.hex(of: parts.joined(separator: "\u{0}"))
  }

  /// The template of that name.
  /// - Throws: `TokenizerError` with the names there are.
  public static func named(_ name: String) throws -> ChatTemplate {
    if let template = all.first(where: { $0.name == name }) { return template }
    let names = all.map { "'\($0.name)'" }.joined(separator: ", ")
    throw TokenizerError("template '\(name)'", "is not known; there are \(names)")
  }

  static let task = "Below is an instruction that describes a task"
  static let request = "Write a response that appropriately completes the request.\n\n"

  public static let all = [
    ChatTemplate(
      name: "alpaca",
      summary: "Stanford Alpaca, with and without an input.",
      preamble: "\(task). \(request)",
      preambleWithInput: "\(task), paired with an input that provides further context. \(request)",
      turn: "### Instruction:\n{instruction}\n\n### Response:",
      turnWithInput: "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:",
      encoding: .together,
      stopStrings: ["### Instruction:"]),
    ChatTemplate(
      name: "ymcui-alpaca",
      // Its own chat program ends the prompt otherwise than its training; here both do as the training does.
      summary:
        "Chinese-LLaMA-Alpaca: input in the instruction, prompt and answer encoded apart.",
      preamble: "\(task). \(request)",
      preambleWithInput: "\(task). \(request)",
      turn: "### Instruction:\n{instruction}\n\n### Response: ",
      turnWithInput: "### Instruction:\n{instruction}\n{input}\n\n### Response: ",
      encoding: .apart,
      stopStrings: ["### Instruction:"]),
  ]
}

// MARK: - Text

extension ChatTemplate {
  /// A row of instruction data as text: everything up to the answer, then the answer.
  public func render(_ row: InstructionRow) -> RenderedText {
    RenderedText(segments: prompt(for: row) + [.init(text: row.output, trained: true, ends: true)])
  }

  /// A conversation as text; each answer is trained and ends with the end token.
  ///
  /// - Throws: `TokenizerError` naming the message where user and assistant do not take turns.
  public func render(_ messages: [ChatMessage]) throws -> RenderedText {
    var segments: [RenderedText.Segment] = []
    var opening = preamble
    var expected = ChatMessage.Role.user
    for (i, message) in messages.enumerated() {
      if i == 0, message.role == .system {
        opening = message.content.isEmpty ? "" : message.content + "\n\n"
        continue
      }
      guard message.role == expected else {
        throw TokenizerError(
          "message \(i + 1)", "role '\(expected)' expected, got '\(message.role)'")
      }
      if message.role == .user {
        segments.append(context(opening + fill(turn, message.content, "")))
        opening = ""
        expected = .assistant
      } else {
        segments.append(.init(text: message.content, trained: true, ends: true))
        expected = .user
      }
    }
    if segments.isEmpty { throw TokenizerError("messages", "there is no user message") }
    return RenderedText(segments: segments)
  }

  /// What a model is given so that it writes the next answer, as text; for reading, since end tokens are not
  /// in it.
  public func prompt(messages: [ChatMessage]) throws -> String { try open(messages).text }

  private func prompt(for row: InstructionRow) -> [RenderedText.Segment] {
    row.input.isEmpty
      ? [context(preamble + fill(turn, row.instruction, ""))]
      : [context(preambleWithInput + fill(turnWithInput, row.instruction, row.input))]
  }

  private func context(_ text: String) -> RenderedText.Segment {
    .init(text: text, trained: false, ends: false)
  }

  private func open(_ messages: [ChatMessage]) throws -> RenderedText {
    let rendered = try render(messages)
    if rendered.segments.last?.ends == true {
      throw TokenizerError("messages", "the last one is the assistant's; a user message must follow")
    }
    return rendered
  }

  /// Puts both texts in at once, so that a place holder inside the user's text stays as it is.
  private func fill(_ form: String, _ instruction: String, _ input: String) -> String {
    var result = ""
    for (i, part) in form.split(separator: "{instruction}", omittingEmptySubsequences: false).enumerated() {
      if i > 0 { result += instruction }
      result += part.split(separator: "{input}", omittingEmptySubsequences: false).joined(separator: input)
    }
    return result
  }
}

// MARK: - Tokens

extension ChatTemplate {
  /// The tokens of a row: one begin token, prompt, answer, end token; the last two are trained.
  public func tokens(for row: InstructionRow, _ tokenizer: any Tokenizer) throws -> MaskedTokens {
    try tokens(of: render(row), tokenizer)
  }

  /// The tokens of a whole conversation, every answer and its end token trained.
  public func tokens(for messages: [ChatMessage], _ tokenizer: any Tokenizer) throws -> MaskedTokens {
    let rendered = try render(messages)
    if rendered.segments.last?.ends != true {
      throw TokenizerError("messages", "the last one is the user's; an answer must follow to train on")
    }
    return try tokens(of: rendered, tokenizer)
  }

  /// What a model is given so that it writes the next answer; equal to the beginning of what training gives
  /// it.
  public func promptTokens(_ messages: [ChatMessage], _ tokenizer: any Tokenizer) throws -> [Int32] {
    try tokens(of: open(messages), tokenizer).ids
  }

  /// The same for a row whose answer is wanted; its output is not looked at.
  public func promptTokens(_ row: InstructionRow, _ tokenizer: any Tokenizer) throws -> [Int32] {
    try tokens(of: RenderedText(segments: prompt(for: row)), tokenizer).ids
  }

  private func tokens(of rendered: RenderedText, _ tokenizer: any Tokenizer) throws -> MaskedTokens {
    var tokens = MaskedTokens()
    if let bos = tokenizer.bosID { tokens.append(bos, trained: false) }
    var waiting: [RenderedText.Segment] = []
    for segment in rendered.segments {
      waiting.append(segment)
      guard segment.ends else { continue }
      guard let eos = tokenizer.eosID else {
        throw TokenizerError("template '\(name)'", "needs an end token, and the tokenizer has none")
      }
      try append(waiting, to: &tokens, tokenizer)
      tokens.append(eos, trained: true)
      waiting.removeAll()
    }
    try append(waiting, to: &tokens, tokenizer)
    return tokens
  }

  private func append(
    _ segments: [RenderedText.Segment], to tokens: inout MaskedTokens, _ tokenizer: any Tokenizer
  ) throws {
    switch encoding {
    case .apart:
      for segment in segments {
        for id in try tokenizer.encode(segment.text) { tokens.append(id, trained: segment.trained) }
      }
    case .together:
      // At most one answer, and it is the last segment: end tokens separate the turns.
      let border = segments.filter { !$0.trained }.reduce(0) { $0 + $1.text.utf8.count }
      let learns = segments.last?.trained == true
      for span in try tokenizer.encode(offsets: segments.map(\.text).joined()) {
        tokens.append(span.id, trained: learns && span.range.lowerBound >= border)
      }
    }
  }
}
