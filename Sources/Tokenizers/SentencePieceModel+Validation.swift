import Files

/// What the library itself would stop the whole process for is refused here, with the path.
extension SentencePieceModel {
  /// Parses and checks a model.
  ///
  /// - Throws: `FileError` with `path` for anything that is not a sound sentencepiece model.
  public static func checked(_ bytes: UnsafeRawBufferPointer, path: String) throws -> SentencePieceModel {
    if let kind = FileKind.guess(bytes) {
      throw FileError(path: path, reason: "is not a sentencepiece model but \(kind)")
    }
    let model: SentencePieceModel
    do {
      model = try SentencePieceModel(parsing: bytes)
    } catch let error as WireError {
      let place = error.offset > 0 ? " at byte \(error.offset)" : ""
      throw FileError(path: path, reason: "is not a sound sentencepiece model: \(error.reason)\(place)")
    }
    if let reason = model.fault {
      throw FileError(path: path, reason: "is not a sound sentencepiece model: \(reason)")
    }
    return model
  }

  /// The first thing that is wrong; nil for a sound model.
  var fault: String? {
    if pieces.isEmpty { return "it holds no pieces" }
    for (number, name) in [(Field.trainer, "trainer_spec"), (Field.normalizer, "normalizer_spec")] {
      guard let bytes = rest.bytes(number) else { return "it has no \(name); is the file cut short?" }
      guard (try? WireMessage(parsing: bytes)) != nil else { return "its \(name) cannot be read" }
    }
    return faultInPieces ?? faultInSpecs
  }

  private var faultInPieces: String? {
    var seen: [ExactText: Int] = [:]
    var unknown: [Int] = []
    var bytes = 0
    for (id, piece) in pieces.enumerated() {
      if piece.text.isEmpty { return "piece \(id) is empty" }
      if let first = seen.updateValue(id, forKey: ExactText(piece.text)) {
        return "piece '\(piece.text)' stands there twice, as \(first) and \(id)"
      }
      if !piece.score.isFinite { return "piece \(id) '\(piece.text)' has the score \(piece.score)" }
      switch piece.kind {
      case .unknown: unknown.append(id)
      case .byte:
        if ByteToken.value(of: piece.text) == nil { return "piece \(id) '\(piece.text)' is no byte token" }
        bytes += 1
      default: break
      }
    }
    if unknown.isEmpty { return "it has no unknown piece (<unk>)" }
    if unknown.count > 1 {
      return "it has \(unknown.count) unknown pieces, \(unknown[0]) and \(unknown[1]) among them"
    }
    if byteFallback && bytes != 256 { return "byte_fallback needs 256 byte pieces, it has \(bytes)" }
    return nil
  }

  private var faultInSpecs: String? {
    let kind = message(Field.trainer).integer(Field.Trainer.kind) ?? 1
    if Kind(rawValue: kind) == nil { return "model_type \(kind) is not known" }
    let id = pieces.firstIndex { $0.kind == .unknown }
    if let id, pieces[id].text != unknownPiece {
      return "its unknown piece is '\(pieces[id].text)', expected '\(unknownPiece)'"
    }
    if let denormalizer = rest.bytes(Field.denormalizer), let spec = try? WireMessage(parsing: denormalizer),
      !(spec.bytes(Field.Normalizer.charsmap) ?? []).isEmpty
    {
      return "it changes characters when decoding (denormalizer_spec), which is not supported"
    }
    return nil
  }
}

/// "<0xE4>", the name of a byte token.
enum ByteToken {
  static func value(of text: String) -> UInt8? {
    let bytes = Array(text.utf8)
    guard bytes.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">") else { return nil }
    return UInt8(text.dropFirst(3).dropLast(), radix: 16)
  }

  static func name(_ value: Int) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return "<0x" + (digits.count == 1 ? "0" : "") + digits + ">"
  }
}

/// Recognises files that people mistake for a tokenizer.
enum FileKind {
  static func guess(_ bytes: UnsafeRawBufferPointer) -> String? {
    func starts(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    if starts("version https://git-lfs") { return "a Git LFS pointer; fetch the file itself (git lfs pull)" }
    if starts("{") || starts("[") { return "JSON" }
    if starts("<!DOCTYPE") || starts("<!doctype") || starts("<html") { return "a web page" }
    if starts("PK\u{3}\u{4}") { return "a zip archive (a PyTorch checkpoint?)" }
    if starts("GGUF") { return "a GGUF model" }
    // safetensors: the header's length in eight bytes, then its JSON
    if bytes.count > 9, bytes[8] == UInt8(ascii: "{"), bytes[6] == 0, bytes[7] == 0 {
      return "a safetensors file"
    }
    return nil
  }
}
