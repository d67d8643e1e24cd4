import Files
import Processes

/// A tokenizer that a sentencepiece model describes.
public final class SentencePieceTokenizer: Tokenizer {
  public let model: SentencePieceModel
  public let configuration: TokenizerConfiguration
  public let bosID: Int32?
  public let eosID: Int32?
  public let unknownID: Int32?
  public let padID: Int32?
  public let fingerprint: String

  /// The model as its file holds it.
  let bytes: [UInt8]
  private let ids: [ExactText: Int32]
  private let processor: SentencePieceProcessor
  private let stripsFirstSpace: Bool
  private let stripsEverySpace: Bool
  private let cutsLongTexts: Bool
  private lazy var longTexts = Result { try LongTexts(model) }

  /// - Throws: `FileError` with `path` when the bytes are no sound sentencepiece model or the library refuses them.
  public convenience init(
    bytes: [UInt8], path: String, configuration: TokenizerConfiguration = TokenizerConfiguration()
  ) throws {
    let model = try bytes.withUnsafeBytes { try SentencePieceModel.checked($0, path: path) }
    try self.init(model: model, bytes: bytes, path: path, configuration: configuration)
  }

  /// Reads a `.model` file.
  public convenience init(path: String) throws { try self.init(bytes: TokenizerFile.read(path), path: path) }

  /// A tokenizer of a model that was made here; `name` stands in messages.
  convenience init(
    _ model: SentencePieceModel, name: String,
    configuration: TokenizerConfiguration = TokenizerConfiguration()
  ) throws {
    if let fault = model.fault { throw TokenizerError(name, fault) }
    try self.init(model: model, bytes: model.serialized, path: name, configuration: configuration)
  }

  private init(
    model: SentencePieceModel, bytes: [UInt8], path: String, configuration: TokenizerConfiguration
  ) throws {
    self.model = model
    self.bytes = bytes
    self.configuration = configuration
    do {
      processor = try SentencePieceProcessor(model)
    } catch let error as TokenizerError {
      throw FileError(path: path, reason: "sentencepiece refuses it: \(error.reason)")
    }
    ids = Dictionary(
      uniqueKeysWithValues: model.pieces.indices.map { (ExactText(model.pieces[$0].text), Int32($0)) })
    let names = ids
    func control(_ text: String) -> Int32? {
      names[ExactText(text)].flatMap { model.pieces[Int($0)].kind == .control ? $0 : nil }
    }
    func named(_ text: String?) -> Int32? { text.flatMap { names[ExactText($0)] } }
    bosID = named(configuration.bosToken) ?? control(model.bosPiece)
    eosID = named(configuration.eosToken) ?? control(model.eosPiece)
    unknownID = model.pieces.firstIndex { $0.kind == .unknown }.map { Int32($0) }
    // The published vocabularies for Chinese hold their padding piece as an ordinary one.
    padID = named(configuration.padToken) ?? control(model.padPiece) ?? named("[PAD]") ?? named("<pad>")
    fingerprint = SHA256.hex(of: bytes)
    let normalization = model.normalization
    stripsEverySpace = normalization.removeExtraWhitespaces
    stripsFirstSpace = normalization.addDummyPrefix || stripsEverySpace
    // Only byte-pair merging is slow on long texts, and only a text that stays as it is can be cut
    // beforehand.
    cutsLongTexts =
      model.kind == .bpe && !normalization.replacesCharacters && !stripsEverySpace
      && normalization.escapeWhitespaces
  }

  public var count: Int { model.pieces.count }

  public var kind: String { model.kind.name }

  public func piece(_ id: Int32) -> String? {
    model.pieces.indices.contains(Int(id)) ? model.pieces[Int(id)].text : nil
  }

  public func id(of piece: String) -> Int32? { ids[ExactText(piece)] }

  public func save(to path: String) throws { try AtomicFile.write(bytes, to: path) }
}

// MARK: - Encoding

extension SentencePieceTokenizer {
  public func encode(_ text: String) throws -> [Int32] {
    var ids: [Int32] = []
    try eachPart(of: text) { processor, part, _ in
      let found = try processor.encode(part)
      if ids.isEmpty { ids = found } else { ids += found }
    }
    return ids
  }

  public func encode(offsets text: String) throws -> [TokenSpan] {
    var spans: [TokenSpan] = []
    try eachPart(of: text) { processor, part, offset in
      let found = try processor.spans(part, at: offset)
      if spans.isEmpty { spans = found } else { spans += found }
    }
    return spans
  }

  private func eachPart(
    of text: String, _ body: (SentencePieceProcessor, UnsafeBufferPointer<UInt8>, Int) throws -> Void
  ) throws {
    var copy = text
    try copy.withUTF8 { bytes in
      guard cutsLongTexts, bytes.count > 2 * SafeBreaks.partSize else {
        return try body(processor, bytes, 0)
      }
      let long = try longTexts.get()
      for part in long.breaks.parts(of: bytes) {
        try Interrupt.check()
        try body(
          part.lowerBound == 0 ? processor : long.inner, UnsafeBufferPointer(rebasing: bytes[part]),
          part.lowerBound)
      }
    }
  }
}

/// What cutting long texts needs: the places, and an encoder that puts no space before a part.
private struct LongTexts {
  let breaks: SafeBreaks
  let inner: SentencePieceProcessor

  init(_ model: SentencePieceModel) throws {
    breaks = SafeBreaks(model.pieces)
    inner = try SentencePieceProcessor(model.withoutNormalization)
  }
}

// MARK: - Decoding

extension SentencePieceTokenizer {
  public func surface(_ id: Int32, atStart: inout Bool) throws -> TokenSurface {
    guard model.pieces.indices.contains(Int(id)) else {
      throw TokenizerError("token id \(id)", "is outside the vocabulary (0 to \(count - 1))")
    }
    let piece = model.pieces[Int(id)]
    switch piece.kind {
    case .control: return .text([])
    case .unknown:
      atStart = false
      return .text(Array(model.unknownSurface.utf8))
    case .byte:
      atStart = false
      return .byte(ByteToken.value(of: piece.text) ?? 0)
    case .normal, .userDefined, .unused: return .text(printed(piece.text, atStart: &atStart))
    }
  }

  private func printed(_ piece: String, atStart: inout Bool) -> [UInt8] {
    var text = Substring(piece)
    if atStart, stripsFirstSpace, text.unicodeScalars.first == Self.spaceMark {
      text.unicodeScalars.removeFirst()
      if !stripsEverySpace { atStart = false }
    }
    if !text.isEmpty { atStart = false }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if scalar == Self.spaceMark {
        bytes.append(UInt8(ascii: " "))
      } else {
        bytes.append(contentsOf: String(scalar).utf8)
      }
    }
    return bytes
  }

  /// "▁", which stands for a space in pieces.
  static let spaceMark: Unicode.Scalar = "\u{2581}"
}
