import Files
import OrderedCollections

/// What happens to a document that is longer than a row.
public enum OverlongPolicy: String, Sendable, CaseIterable {
  /// Cut into pieces; each begins with the last token of the one before as context, so no target is lost.
  /// Texts only.
  case split
  /// Refused with its place.
  case error
  /// The tokens that do not fit are cut off and counted.
  case truncate
  /// Left out and counted.
  case skip
}

/// What happens to a document that trains nothing.
public enum EmptyPolicy: String, Sendable, CaseIterable {
  case error
  case skip
}

/// How documents become rows.
public struct PackOptions: Sendable {
  /// The most tokens in a row.
  public var length: Int
  /// Stop after so many tokens of documents; sources start again until then (none: one pass).
  public var tokens: Int?
  /// A begin token before each text (none: if the tokenizer has one); lessons follow their template.
  public var bos: Bool?
  /// An end token after each text, likewise.
  public var eos: Bool?
  /// None means: split texts, refuse lessons.
  public var overlong: OverlongPolicy?
  public var onEmpty: EmptyPolicy
  /// Shuffles the documents, anew in every pass; none keeps their order.
  public var seed: UInt64?

  public init(
    length: Int, tokens: Int? = nil, bos: Bool? = nil, eos: Bool? = nil, overlong: OverlongPolicy? = nil,
    onEmpty: EmptyPolicy = .error, seed: UInt64? = nil
  ) {
    self.length = length
    self.tokens = tokens
    self.bos = bos
    self.eos = eos
    self.overlong = overlong
    self.onEmpty = onEmpty
    self.seed = seed
  }

  func check() throws {
    if length < 2 {
      throw CorpusError(argument: "length", reason: "at least 2 tokens expected, got \(length)")
    }
    if let tokens, tokens < 2 {
      throw CorpusError(argument: "tokens", reason: "at least 2 tokens expected, got \(tokens)")
    }
  }

  var identity: JSON {
    func optional(_ flag: Bool?) -> JSON { flag.map { .bool($0) } ?? .null }
    return .object([
      "length": JSON(length), "tokens": tokens.map { JSON($0) } ?? .null, "bos": optional(bos),
      "eos": optional(eos),
      "on_long": overlong.map { .string($0.rawValue) } ?? .null, "on_empty": .string(onEmpty.rawValue),
      "seed": seed.map { .string(String($0)) } ?? .null,
    ])
  }
}
