/// Turns tokens into text one at a time and never gives out half a character.
///
/// All that it gave out, with `finish()`, is what `decode` of all the tokens gives. Bytes that can no longer
/// become a character come out as U+FFFD, one for each byte, as sentencepiece does.
public struct StreamDecoder {
  private let tokenizer: any Tokenizer
  private var atStart = true
  private var pending: [UInt8] = []

  /// - Parameter context: tokens that were printed already, so that a text that goes on keeps its first space.
  public init(_ tokenizer: any Tokenizer, after context: [Int32] = []) {
    self.tokenizer = tokenizer
    for id in context { _ = try? append(id) }
  }

  /// The characters that are certain now.
  public mutating func append(_ id: Int32) throws -> String {
    switch try tokenizer.surface(id, atStart: &atStart) {
    case .byte(let byte):
      pending.append(byte)
      return takeCertain()
    case .text(let text):
      return finish() + String(decoding: text, as: UTF8.self)
    }
  }

  /// What is left at the end: a character that was cut short.
  public mutating func finish() -> String {
    defer { pending.removeAll(keepingCapacity: true) }
    return String(repeating: "\u{FFFD}", count: pending.count)
  }

  private mutating func takeCertain() -> String {
    var text = ""
    while !pending.isEmpty {
      switch Self.leading(pending) {
      case .character(let length):
        text += String(decoding: pending[..<length], as: UTF8.self)
        pending.removeFirst(length)
      case .broken:
        text += "\u{FFFD}"
        pending.removeFirst()
      case .unfinished: return text
      }
    }
    return text
  }

  private enum Leading { case character(Int), unfinished, broken }

  /// What the first bytes are, by table 3-7 of the Unicode Standard.
  private static func leading(_ bytes: [UInt8]) -> Leading {
    let (length, second): (Int, ClosedRange<UInt8>)
    switch bytes[0] {
    case 0x00...0x7F: return .character(1)
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return .broken
    }
    for (i, byte) in bytes.enumerated().dropFirst().prefix(length - 1)
    where !(i == 1 ? second : 0x80...0xBF).contains(byte) { return .broken }
    return bytes.count < length ? .unfinished : .character(length)
  }
}
