import Tokenizers

/// Every byte is a token: ids 0, 1, 2 are unknown, BOS and EOS, and byte b is 3 + b.
final class ByteTokenizer: Tokenizer {
  let count = 259
  let bosID: Int32? = 1
  let eosID: Int32? = 2
  let unknownID: Int32? = 0
  let padID: Int32? = nil
  let kind = "bytes"
  let fingerprint = "bytes"
  let configuration = TokenizerConfiguration()

  func encode(_ text: String) throws -> [Int32] { text.utf8.map { 3 + Int32($0) } }
  func encode(offsets text: String) throws -> [TokenSpan] {
    try encode(text).enumerated().map { TokenSpan(id: $1, range: $0..<$0 + 1) }
  }
  func surface(_ id: Int32, atStart: inout Bool) throws -> TokenSurface {
    id < 3 ? .text([]) : .byte(UInt8(id - 3))
  }
  func piece(_ id: Int32) -> String? { "<\(id)>" }
  func id(of piece: String) -> Int32? { nil }
  func save(to path: String) throws {}
  func saveFolderFiles(to folder: String) throws {}
}
