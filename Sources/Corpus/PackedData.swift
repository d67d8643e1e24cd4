public import Files
import OrderedCollections
public import Tokenizers

/// Documents as rows of at most `length` tokens, read lazily.
///
/// Documents follow each other in order and stay isolated; one that does not fit into the rest of a row
/// begins the next (next-fit). A document of n tokens has n-1 targets, however it is cut. No token is lost or
/// replaced, and what a policy leaves out is in the ledger.
public final class PackedData: RowSource {
  public let tokenizer: any Tokenizer
  public let options: PackOptions
  let mix: MixedStream
  private var known: Ledger?

  /// - Throws: `CorpusError` for options that cannot be.
  public init(_ stream: any DocumentStream, tokenizer: any Tokenizer, options: PackOptions) throws {
    try options.check()
    _ = try DocumentEncoder(tokenizer, options)
    self.tokenizer = tokenizer
    self.options = options
    let mixed =
      try stream as? MixedStream
      ?? MixedStream([.init(stream, weight: .share(1), once: options.tokens == nil)])
    mix = try options.seed.map { seed in try mixed.mapped { try $0.shuffled(seed: seed) } } ?? mixed
    if mix.needsProgress && options.tokens == nil {
      throw CorpusError(
        argument: "tokens", reason: "a budget is needed, since a weight of the mix is a function")
    }
  }

  public var length: Int { options.length }
  public var isEndless: Bool { options.tokens == nil && mix.isEndless }
  public func open(pass: Int) throws -> any RowCursor { try cursor(pass: pass) }

  /// Known without reading where the ledger is.
  public func countRows() throws -> Int {
    if known != nil || options.tokens == nil { return try ledger().rows }
    let cursor = try cursor(pass: 0)
    while try cursor.next() != nil {}
    return cursor.rows
  }

  /// The data, the options, the tokenizer.
  public var identity: JSON {
    get throws {
      .object([
        "data": try mix.identity, "pack": options.identity, "tokenizer": .string(tokenizer.fingerprint),
      ])
    }
  }

  func cursor(pass: Int) throws -> PackCursor { try PackCursor(self, pass: pass) }

  /// What one pass reads and what becomes of it; the first call reads all of it, tokenized, to the end.
  /// - Throws: `CorpusError` when the rows never end.
  public func ledger() throws -> Ledger {
    if let known { return known }
    if isEndless {
      throw CorpusError(
        argument: "tokens", reason: "these data start again without end; a budget is needed to count them")
    }
    let cursor = try cursor(pass: 0)
    while try cursor.next() != nil {}
    let ledger = try cursor.ledger()
    known = ledger
    return ledger
  }
}
