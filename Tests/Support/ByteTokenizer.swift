public import Tokenizers

/// A tokenizer whose tokens are bytes: id = byte + 3; 0, 1 and 2 are unknown, begin and end.
open class ByteTokenizer: Tokenizer {
  public let count = 259
  public let bosID: Int32? = 1
  public let eosID: Int32? = 2
  public let unknownID: Int32? = 0
  public let padID: Int32? = nil
  public let kind = "bytes"
  public let fingerprint = "bytes"
  public let configuration = TokenizerConfiguration()

  public init() {}

  open func encode(_ text: String) throws -> [Int32] { text.utf8.map { Int32($0) + 3 } }

  public func encode(offsets text: String) throws -> [TokenSpan] {
    text.utf8.enumerated().map { TokenSpan(id: Int32($0.element) + 3, range: $0.offset..<$0.offset + 1) }
  }

  public func surface(_ id: Int32, atStart: inout Bool) throws -> TokenSurface {
    atStart = false
    return id < 3 ? .text([]) : .byte(UInt8(id - 3))
  }

  /// `<unk>`, `<s>`, `</s>`, and `<118>` for the id 118.
  public func piece(_ id: Int32) -> String? {
    switch id {
    case 0: "<unk>"
    case 1: "<s>"
    case 2: "</s>"
    default: "<\(id)>"
    }
  }

  public func id(of piece: String) -> Int32? { nil }
  public func save(to path: String) throws {}
  public func saveFolderFiles(to folder: String) throws {}
}
