/// One token and the bytes of the text it stands for.
public struct TokenSpan: Equatable, Sendable {
  public let id: Int32
  /// UTF-8 bytes of the text that was encoded; empty for a space that the tokenizer put before the text.
  public let range: Range<Int>

  public init(id: Int32, range: Range<Int>) {
    self.id = id
    self.range = range
  }
}

/// What a token adds to a decoded text.
public enum TokenSurface: Equatable, Sendable {
  /// One byte of a character that the vocabulary has no piece for.
  case byte(UInt8)
  /// Whole characters in UTF-8; empty for a control token.
  case text([UInt8])
}

/// Cuts texts into the tokens of a vocabulary and puts them together again.
///
/// Ids are the vocabulary's own, from 0. Encoding adds neither a begin nor an end token.
public protocol Tokenizer: AnyObject {
  /// Pieces in the vocabulary.
  var count: Int { get }
  var bosID: Int32? { get }
  var eosID: Int32? { get }
  var unknownID: Int32? { get }
  var padID: Int32? { get }
  /// "bpe", "unigram" and the like.
  var kind: String { get }
  /// SHA-256 of the model, hexadecimal.
  var fingerprint: String { get }
  /// What a model folder says about the use of this vocabulary.
  var configuration: TokenizerConfiguration { get }

  func encode(_ text: String) throws -> [Int32]
  /// The same tokens with the bytes of `text` they stand for, in rising order.
  func encode(offsets text: String) throws -> [TokenSpan]

  /// What `id` adds to a text; `atStart` says that nothing was printed yet, and is kept up to date.
  func surface(_ id: Int32, atStart: inout Bool) throws -> TokenSurface

  /// The piece as the vocabulary writes it ("▁the"); nil outside the vocabulary.
  func piece(_ id: Int32) -> String?
  func id(of piece: String) -> Int32?

  func save(to path: String) throws
  /// Writes what Transformers' LlamaTokenizer loads: tokenizer.model, tokenizer_config.json,
  /// special_tokens_map.json.
  func saveFolderFiles(to folder: String) throws
}

extension Tokenizer {
  /// The text of the tokens; bytes that form no character print as U+FFFD, one each.
  public func decode(_ ids: [Int32]) throws -> String {
    var decoder = StreamDecoder(self)
    var text = ""
    for id in ids { text += try decoder.append(id) }
    return text + decoder.finish()
  }

  /// The bytes of the tokens as they are, well-formed UTF-8 or not.
  public func decodeBytes(_ ids: [Int32]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var atStart = true
    for id in ids {
      switch try surface(id, atStart: &atStart) {
      case .byte(let byte): bytes.append(byte)
      case .text(let text): bytes += text
      }
    }
    return bytes
  }

  /// The pieces that a text is cut into.
  public func pieces(_ text: String) throws -> [String] { try encode(text).map { piece($0) ?? "" } }
}
