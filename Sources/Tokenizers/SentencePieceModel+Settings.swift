/// The parts of TrainerSpec and NormalizerSpec that decide how a text is cut.
extension SentencePieceModel {
  public struct Normalization: Equatable, Sendable {
    /// "identity", "nmt_nfkc" and the like; only a name.
    public var name: String
    public var addDummyPrefix: Bool
    public var removeExtraWhitespaces: Bool
    public var escapeWhitespaces: Bool
    /// Characters are replaced by others.
    public var replacesCharacters: Bool
  }

  func message(_ number: Int) -> WireMessage {
    // A broken inner message is refused by `validated`, so here it reads as empty.
    rest.bytes(number).flatMap { try? WireMessage(parsing: $0) } ?? WireMessage()
  }

  mutating func change(_ number: Int, _ body: (inout WireMessage) -> Void) {
    var inner = message(number)
    body(&inner)
    rest[number] = .bytes(inner.serialized)
  }

  public var kind: Kind {
    Kind(rawValue: message(Field.trainer).integer(Field.Trainer.kind) ?? 1) ?? .unigram
  }

  public var byteFallback: Bool { message(Field.trainer).bool(Field.Trainer.byteFallback) ?? false }

  public var normalization: Normalization {
    let spec = message(Field.normalizer)
    return Normalization(
      name: spec.string(Field.Normalizer.name) ?? "",
      addDummyPrefix: spec.bool(Field.Normalizer.addDummyPrefix) ?? true,
      removeExtraWhitespaces: spec.bool(Field.Normalizer.removeExtraWhitespaces) ?? true,
      escapeWhitespaces: spec.bool(Field.Normalizer.escapeWhitespaces) ?? true,
      replacesCharacters: !(spec.bytes(Field.Normalizer.charsmap) ?? []).isEmpty)
  }

  /// What decoding prints for an unknown piece.
  var unknownSurface: String { message(Field.trainer).string(Field.Trainer.unknownSurface) ?? " \u{2047} " }

  var unknownPiece: String { message(Field.trainer).string(Field.Trainer.unknownPiece) ?? "<unk>" }
  var bosPiece: String { message(Field.trainer).string(Field.Trainer.bosPiece) ?? "<s>" }
  var eosPiece: String { message(Field.trainer).string(Field.Trainer.eosPiece) ?? "</s>" }
  var padPiece: String { message(Field.trainer).string(Field.Trainer.padPiece) ?? "<pad>" }

  /// The same pieces with a normaliser that changes nothing but spaces to "▁": a text is cut as in the middle
  /// of a longer one.
  var withoutNormalization: SentencePieceModel {
    var copy = self
    copy.change(Field.normalizer) { spec in
      spec[Field.Normalizer.charsmap] = nil
      spec[Field.Normalizer.addDummyPrefix] = .varint(0)
      spec[Field.Normalizer.removeExtraWhitespaces] = .varint(0)
    }
    return copy
  }

  /// A vocabulary of nothing but <unk> under the same normaliser; what it encodes spells the normalised text.
  var normalizerOnly: SentencePieceModel {
    var copy = self
    copy.pieces = pieces.filter { $0.kind == .unknown }
    copy.change(Field.trainer) { spec in
      spec[Field.Trainer.kind] = .varint(UInt64(Kind.char.rawValue))
      spec[Field.Trainer.byteFallback] = .varint(0)
    }
    return copy
  }
}
