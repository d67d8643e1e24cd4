/// Places where a long text can be cut without changing its tokens.
///
/// No merge crosses a pair of characters that stands inside no piece. Encoding a megabyte at once keeps every
/// pair of it in one queue, which is many times slower than short parts.
struct SafeBreaks {
  /// Bytes from which a text is worth cutting, and roughly the size of its parts.
  static let partSize = 4096

  private let pairs: Set<UInt64>

  init(_ pieces: [SentencePieceModel.Piece]) {
    var pairs: Set<UInt64> = []
    for piece in pieces where piece.kind != .control && piece.kind != .unknown && piece.kind != .byte {
      var last: Unicode.Scalar?
      for scalar in piece.text.unicodeScalars {
        if let last { pairs.insert(Self.key(last, scalar)) }
        last = scalar
      }
    }
    self.pairs = pairs
  }

  /// The parts of a text, in order; a part ends at the first safe break after `partSize` bytes.
  func parts(of text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = 0
    while text.count - start > 2 * Self.partSize {
      guard let end = breakPoint(in: text, from: start + Self.partSize) else { break }
      parts.append(start..<end)
      start = end
    }
    parts.append(start..<text.count)
    return parts
  }

  private func breakPoint(in text: UnsafeBufferPointer<UInt8>, from place: Int) -> Int? {
    var begin = place
    while begin < text.count, text[begin] & 0xC0 == 0x80 { begin += 1 }
    var last: Unicode.Scalar?
    var decoder = UTF8()
    var bytes = text[begin...].makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&bytes) {
      if let before = last, !pairs.contains(Self.key(before, scalar)) { return begin }
      begin += UTF8.width(scalar)
      last = scalar
    }
    return nil
  }

  private static func key(_ a: Unicode.Scalar, _ b: Unicode.Scalar) -> UInt64 {
    UInt64(spaceAsMark(a)) << 32 | UInt64(spaceAsMark(b))
  }

  private static func spaceAsMark(_ scalar: Unicode.Scalar) -> UInt32 {
    scalar == " " ? 0x2581 : scalar.value
  }
}
