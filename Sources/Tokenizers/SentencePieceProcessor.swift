import CSentencePiece

/// The library's encoder for one model.
final class SentencePieceProcessor: @unchecked Sendable {
  // Immutable after loading; its const methods may run on several threads.
  private let handle: OpaquePointer

  /// - Throws: `TokenizerError` with the library's own words.
  init(_ model: SentencePieceModel) throws {
    var message: UnsafeMutablePointer<CChar>?
    let loaded = model.serialized.withUnsafeBytes {
      yy_sentencepiece_load($0.baseAddress, $0.count, Self.search(model), &message)
    }
    guard let loaded else { throw Self.failure(message, "cannot load the model") }
    handle = loaded
  }

  private static func search(_ model: SentencePieceModel) -> Int32 {
    guard model.kind == .unigram, !model.pieces.contains(where: { $0.kind == .userDefined }) else {
      return Int32(YY_LIBRARY_SEARCH)
    }
    return Int32(model.byteFallback ? YY_UNIGRAM_BYTE_SEARCH : YY_UNIGRAM_SEARCH)
  }

  deinit { yy_sentencepiece_free(handle) }

  /// Bytes that one call takes; positions are 32 bits wide in the library.
  static let textLimit = 1 << 30

  func encode(_ text: UnsafeBufferPointer<UInt8>) throws -> [Int32] {
    try call(text) { handle, start, count, buffer, length, message in
      yy_sentencepiece_encode(handle, start, count, buffer, length, message)
    }
  }

  /// The tokens with their bytes, counted from `offset` on.
  func spans(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) throws -> [TokenSpan] {
    let spans: [yy_span] = try call(text) { handle, start, count, buffer, length, message in
      yy_sentencepiece_spans(handle, start, count, buffer, length, message)
    }
    return spans.map { TokenSpan(id: $0.id, range: offset + Int($0.begin)..<offset + Int($0.end)) }
  }

  /// The strings of the encoded pieces one after the other.
  func surface(_ text: String) throws -> String {
    var copy = text
    let bytes: [CChar] = try copy.withUTF8 { text in
      try call(text) { handle, start, count, buffer, length, message in
        yy_sentencepiece_surface(handle, start, count, buffer, length, message)
      }
    }
    return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private typealias Call<Element> = (
    OpaquePointer, UnsafePointer<CChar>?, Int, UnsafeMutablePointer<UnsafeMutablePointer<Element>?>,
    UnsafeMutablePointer<Int>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Int32

  private func call<Element>(_ text: UnsafeBufferPointer<UInt8>, _ body: Call<Element>) throws -> [Element] {
    guard text.count <= Self.textLimit else {
      throw TokenizerError(
        "text", "has \(text.count) bytes, at most \(Self.textLimit) can be encoded at once")
    }
    var message: UnsafeMutablePointer<CChar>?
    var buffer: UnsafeMutablePointer<Element>?
    var count = 0
    let status = text.withMemoryRebound(to: CChar.self) {
      body(handle, $0.baseAddress, $0.count, &buffer, &count, &message)
    }
    guard status == 0, let buffer else { throw Self.failure(message, "cannot encode the text") }
    defer { yy_release(buffer) }
    return Array(UnsafeBufferPointer(start: buffer, count: count))
  }

  private static func failure(_ message: UnsafeMutablePointer<CChar>?, _ fallback: String) -> TokenizerError {
    defer { yy_release(message) }
    return TokenizerError("sentencepiece", message.map { String(cString: $0) } ?? fallback)
  }
}
