import Files

/// The vocabulary of llama2.c: a length, then score, length and bytes of each piece, without a header.
///
/// Its encoder merges like sentencepiece's byte pairs (best score first, then leftmost; unknown characters as
/// bytes), so a sentencepiece model with the same pieces and scores gives the same ids.
struct LlamaCVocabulary {
  let pieces: [SentencePieceModel.Piece]

  /// - Throws: `FileError` when the bytes have another shape.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    func broken(_ reason: String) -> FileError {
      FileError(path: path, reason: "is not a llama2.c vocabulary: \(reason)")
    }
    guard bytes.count >= 4 else { throw broken("it has only \(bytes.count) bytes") }
    let longest = Int(bytes.loadUnaligned(as: Int32.self))
    guard (1...4096).contains(longest) else {
      throw broken("it gives \(longest) as the length of the longest piece")
    }
    var pieces: [SentencePieceModel.Piece] = []
    var offset = 4
    while offset < bytes.count {
      let id = pieces.count
      guard bytes.count - offset >= 8 else { throw broken("it ends inside piece \(id)") }
      let score = Float(bitPattern: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 4, as: Int32.self))
      offset += 8
      guard (0...4096).contains(length) else { throw broken("piece \(id) has the length \(length)") }
      guard bytes.count - offset >= length else { throw broken("it ends inside piece \(id)") }
      guard let text = String(validating: bytes[offset..<offset + length], as: UTF8.self) else {
        throw broken("piece \(id) is not UTF-8")
      }
      offset += length
      pieces.append(Self.piece(id, text, score))
    }
    for (id, name) in ["<unk>", "<s>", "</s>"].enumerated()
    where !(id < pieces.count && pieces[id].text == name) {
      throw broken("piece \(id) should be \(name)")
    }
    self.pieces = pieces
  }

  /// Whether the bytes are a model of llama2.c: a header of seven plausible sizes and at least an embedding of them.
  static func isCheckpoint(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 28 else { return false }
    let fields = (0..<7).map {
      Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
    }
    let versioned = 0x616B_3432
    if fields[0] == versioned { return true }
    let (width, hidden, layers, heads, keyHeads, context) = (
      fields[0], fields[1], fields[2], fields[3], fields[4], fields[6]
    )
    return width > 0 && hidden > 0 && (1...4096).contains(layers) && heads > 0 && width % heads == 0
      && keyHeads > 0 && heads % keyHeads == 0 && fields[5] != 0 && context > 0
      && bytes.count / 4 / width >= abs(fields[5])
  }

  private static func piece(_ id: Int, _ text: String, _ score: Float) -> SentencePieceModel.Piece {
    switch (id, text) {
    case (0, _): return .init(text: text, score: score, kind: .unknown)
    // Written with line ends around the name, so that it prints well.
    case (1, "\n<s>\n"), (1, "<s>"): return .init(text: "<s>", score: score, kind: .control)
    case (2, "\n</s>\n"), (2, "</s>"): return .init(text: "</s>", score: score, kind: .control)
    default:
      if (3..<259).contains(id), ByteToken.value(of: text) == UInt8(id - 3) {
        return .init(text: text, score: score, kind: .byte)
      }
      let marked = String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == " " ? "\u{2581}" : $0 }))
      return .init(text: marked, score: score)
    }
  }

  var model: SentencePieceModel {
    var trainer = WireMessage()
    trainer[Field.Trainer.kind] = .varint(UInt64(SentencePieceModel.Kind.bpe.rawValue))
    trainer[Field.Trainer.vocabularySize] = .varint(UInt64(pieces.count))
    trainer[Field.Trainer.byteFallback] = .varint(1)
    trainer[Field.Trainer.unknownID] = .varint(0)
    trainer[Field.Trainer.bosID] = .varint(1)
    trainer[Field.Trainer.eosID] = .varint(2)
    trainer[Field.Trainer.padID] = .varint(UInt64(bitPattern: -1))
    var normalizer = WireMessage()
    normalizer[Field.Normalizer.name] = .bytes(Array("identity".utf8))
    normalizer[Field.Normalizer.addDummyPrefix] = .varint(1)
    normalizer[Field.Normalizer.removeExtraWhitespaces] = .varint(0)
    normalizer[Field.Normalizer.escapeWhitespaces] = .varint(1)
    return SentencePieceModel(pieces: pieces, trainer: trainer, normalizer: normalizer)
  }
}
