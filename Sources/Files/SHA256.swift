import CCrypto
import Processes

/// The SHA-256 digest of bytes that come in pieces.
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      // Only memory exhaustion gets here.
      preconditionFailure("libcrypto cannot make a digest")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  public mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// The 32 bytes of the digest.
  public consuming func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &digest, nil)
    return digest
  }
}

extension SHA256 {
  /// The digest as 64 lower-case hexadecimal digits.
  public static func hex(of bytes: UnsafeRawBufferPointer) -> String {
    var digest = SHA256()
    digest.update(bytes)
    return hexDigits(digest.finish())
  }

  public static func hex(of bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { hex(of: $0) }
  }

  public static func hex(of text: String) -> String {
    var text = text
    return text.withUTF8 { hex(of: UnsafeRawBufferPointer($0)) }
  }

  /// The digest of a file's contents.
  public static func hex(ofFile path: String) throws -> String {
    if FileSystem.isRegularFile(path), try FileSystem.size(path) == 0 { return hex(of: [UInt8]()) }
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) {
      var digest = SHA256()
      for start in stride(from: 0, to: file.bytes.count, by: 1 << 24) {
        try Interrupt.check()
        let piece = file.bytes[start..<min(start + 1 << 24, file.bytes.count)]
        digest.update(UnsafeRawBufferPointer(rebasing: piece))
      }
      return hexDigits(digest.finish())
    }
  }

  /// Bytes as lower-case hexadecimal digits.
  public static func hexDigits(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
