/// Checks that bytes are UTF-8.
public enum UTF8Text {
  /// The offset of the first byte that is not part of a well-formed sequence (Unicode 15, table 3-7).
  public static func firstInvalidByte(in bytes: UnsafeRawBufferPointer) -> Int? {
    var i = 0
    let count = bytes.count
    while i < count {
      while i + 8 <= count,
        bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      { i += 8 }
      guard i < count else { break }
      let first = bytes[i]
      if first < 0x80 {
        i += 1
        continue
      }
      let (length, second): (Int, ClosedRange<UInt8>) =
        switch first {
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: (0, 0x80...0xBF)
        }
      guard length > 0, i + length <= count, second.contains(bytes[i + 1]) else { return i }
      for j in 2..<max(length, 2) where bytes[i + j] & 0xC0 != 0x80 { return i }
      i += length
    }
    return nil
  }

  public static func firstInvalidByte(in bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBytes { firstInvalidByte(in: $0) }
  }
}
