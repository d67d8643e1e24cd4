import Tokenizers

/// A document as tokens; `trained` is nil where all but the first are.
struct EncodedDocument {
  let ids: [Int32]
  let trained: [Bool]?
  let location: String
  /// Tokens cut off because they did not fit.
  let truncated: Int
}

/// Why a document gives nothing.
enum Rejection {
  case overlong(tokens: Int)
  case untrained(tokens: Int)
}

/// Turns documents into tokens and applies the policies about those that cannot be used.
struct DocumentEncoder {
  let tokenizer: any Tokenizer
  let options: PackOptions
  private let bos: Int32?
  private let eos: Int32?

  init(_ tokenizer: any Tokenizer, _ options: PackOptions) throws {
    func special(_ wanted: Bool?, _ id: Int32?, _ argument: String, _ what: String) throws -> Int32? {
      if wanted == true, id == nil {
        throw CorpusError(argument: argument, reason: "the tokenizer has no \(what) token")
      }
      return wanted == false ? nil : id
    }
    bos = try special(options.bos, tokenizer.bosID, "bos", "begin")
    eos = try special(options.eos, tokenizer.eosID, "eos", "end")
    self.tokenizer = tokenizer
    self.options = options
  }

  enum Outcome {
    case encoded(EncodedDocument)
    case rejected(Rejection)
  }

  func encode(_ document: Document) throws -> Outcome {
    switch document.content {
    case .text(let text): try encode(text, document)
    case .lesson(let row, let template): try encode(row, template, document)
    }
  }

  private func encode(_ text: String, _ document: Document) throws -> Outcome {
    var ids = try tokenizer.encode(text)
    if let bos { ids.insert(bos, at: 0) }
    if let eos { ids.append(eos) }
    if ids.count < 2 {
      return try untrained(ids.count, document, "a text of \(ids.count) tokens has nothing to predict")
    }
    guard ids.count > options.length else { return encoded(ids, nil, document) }
    switch options.overlong ?? .split {
    case .split: return encoded(ids, nil, document)
    case .truncate:
      return encoded(Array(ids.prefix(options.length)), nil, document, truncated: ids.count - options.length)
    case .skip: return .rejected(.overlong(tokens: ids.count))
    case .error: throw document.error("the text has \(ids.count) tokens, limit \(options.length)")
    }
  }

  private func encode(_ row: InstructionRow, _ template: ChatTemplate, _ document: Document) throws -> Outcome
  {
    if options.overlong == .split {
      throw CorpusError(
        argument: "on_long", reason: "'split' is for texts; a lesson would be trained without its prompt")
    }
    if options.bos != nil || options.eos != nil {
      let argument = options.bos != nil ? "bos" : "eos"
      throw CorpusError(
        argument: argument, reason: "the template '\(template.name)' decides this for lessons")
    }
    let tokens = try template.tokens(for: row, tokenizer)
    let count = tokens.ids.count
    if row.output.utf8.allSatisfy(RecordFile.isSpace) {
      return try untrained(count, document, "the output is empty")
    }
    let limit = options.length
    if count <= limit { return encoded(tokens.ids, tokens.trained, document) }
    let prompt = tokens.trained.firstIndex(of: true) ?? count
    if prompt >= limit, options.overlong != .skip {
      return try untrained(count, document, "prompt alone has \(prompt) tokens, limit \(limit)")
    }
    switch options.overlong ?? .error {
    case .truncate:
      let kept = (Array(tokens.ids.prefix(limit)), Array(tokens.trained.prefix(limit)))
      return encoded(kept.0, kept.1, document, truncated: count - limit)
    case .skip: return .rejected(.overlong(tokens: count))
    case .error, .split: throw document.error("prompt and answer have \(count) tokens, limit \(limit)")
    }
  }

  private func encoded(
    _ ids: [Int32], _ trained: [Bool]?, _ document: Document, truncated: Int = 0
  ) -> Outcome {
    .encoded(.init(ids: ids, trained: trained, location: document.location, truncated: truncated))
  }

  private func untrained(_ tokens: Int, _ document: Document, _ cause: String) throws -> Outcome {
    if options.onEmpty == .skip { return .rejected(.untrained(tokens: tokens)) }
    throw document.error("no token of this sample is trained: \(cause)")
  }
}
