/// A sentencepiece ModelProto: the pieces as values, everything else as it stood in the file.
///
/// Fields that are not known here survive; `serialized` of what was parsed gives the same bytes back.
public struct SentencePieceModel: Sendable {
  /// How pieces are found in a text.
  public enum Kind: Int, Sendable, CaseIterable {
    case unigram = 1
    case bpe, word, char

    /// The name that `spm_train` and the Lua API use.
    public var name: String { "\(self)" }
  }

  public struct Piece: Equatable, Sendable {
    public enum Kind: Int, Sendable {
      case normal = 1
      case unknown, control, userDefined, unused, byte
    }

    public var text: String
    public var score: Float
    public var kind: Kind
    /// The piece's fields on the wire, in their order; the published merge writes no type field.
    var message: WireMessage

    public init(text: String, score: Float, kind: Kind = .normal) {
      self.text = text
      self.score = score
      self.kind = kind
      message = WireMessage([
        WireField(number: 1, payload: .bytes(Array(text.utf8))),
        WireField(number: 2, payload: .fixed32(score.bitPattern)),
      ])
      if kind != .normal { message[3] = .varint(UInt64(kind.rawValue)) }
    }

    init(parsing bytes: [UInt8], id: Int) throws {
      message = try WireMessage(parsing: bytes)
      guard let text = message.bytes(1).flatMap({ String(validating: $0, as: UTF8.self) }) else {
        throw WireError(offset: 0, reason: "piece \(id) has no text, or its text is not UTF-8")
      }
      guard let kind = Kind(rawValue: message.integer(3) ?? 1) else {
        throw WireError(offset: 0, reason: "piece \(id) has the unknown type \(message.integer(3) ?? 0)")
      }
      self.text = text
      self.kind = kind
      if case .fixed32(let bits)? = message[2] { score = Float(bitPattern: bits) } else { score = 0 }
    }

    /// The same piece with another score.
    func scored(_ score: Float) -> Piece {
      var copy = self
      copy.score = score
      copy.message[2] = .fixed32(score.bitPattern)
      return copy
    }
  }

  public var pieces: [Piece]
  /// Every field but the pieces, in the order of the file.
  var rest: WireMessage

  public init(parsing bytes: UnsafeRawBufferPointer) throws {
    pieces = []
    rest = WireMessage()
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      if field.number == 1, case .bytes(let piece) = field.payload {
        pieces.append(try Piece(parsing: piece, id: pieces.count))
      } else {
        rest.fields.append(field)
      }
    }
  }

  init(pieces: [Piece], trainer: WireMessage, normalizer: WireMessage) {
    self.pieces = pieces
    rest = WireMessage([
      WireField(number: Field.trainer, payload: .bytes(trainer.serialized)),
      WireField(number: Field.normalizer, payload: .bytes(normalizer.serialized)),
    ])
  }

  public var serialized: [UInt8] {
    var writer = WireWriter()
    for piece in pieces { writer.write(WireField(number: 1, payload: .bytes(piece.message.serialized))) }
    for field in rest.fields { writer.write(field) }
    return writer.bytes
  }
}

/// Numbers of sentencepiece_model.proto.
enum Field {
  static let trainer = 2
  static let normalizer = 3
  static let denormalizer = 5

  enum Trainer {
    static let kind = 3
    static let vocabularySize = 4
    static let byteFallback = 35
    static let unknownID = 40
    static let bosID = 41
    static let eosID = 42
    static let padID = 43
    static let unknownSurface = 44
    static let unknownPiece = 45
    static let bosPiece = 46
    static let eosPiece = 47
    static let padPiece = 48
  }

  enum Normalizer {
    static let name = 1
    static let charsmap = 2
    static let addDummyPrefix = 3
    static let removeExtraWhitespaces = 4
    static let escapeWhitespaces = 5
  }
}
