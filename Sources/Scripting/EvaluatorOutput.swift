public import Files
public import OrderedCollections

/// The streams that running code writes to.
public enum OutputStream: String, Sendable {
  case output = "stdout"
  case error = "stderr"
}

/// Receives what a running cell prints and shows, in order.
public protocol OutputSink: AnyObject {
  func write(_ bytes: [UInt8], to stream: OutputStream)
  func display(_ display: DisplayData)
}

/// A value in one or more MIME types, `text/plain` always among them.
public struct DisplayData: Equatable, Sendable {
  public var data: OrderedDictionary<String, JSON>
  public var metadata: OrderedDictionary<String, JSON>

  public init(data: OrderedDictionary<String, JSON>, metadata: OrderedDictionary<String, JSON> = [:]) {
    self.data = data
    self.metadata = metadata
  }

  public init(text: String) { self.init(data: ["text/plain": .string(text)]) }

  /// MIME types and contents in turn; JSON types are parsed.
  init(pairs: [String]) {
    data = [:]
    metadata = [:]
    for index in stride(from: 0, to: pairs.count - 1, by: 2) {
      let (mime, content) = (pairs[index], pairs[index + 1])
      let isJSON = mime == "application/json" || mime.hasSuffix("+json")
      data[mime] = isJSON ? (try? JSON.parse(content)) ?? .string(content) : .string(content)
    }
  }

  public var plainText: String { data["text/plain"]?.stringValue ?? "" }

  /// Bytes of Lua as text; those of a picture become base64.
  static func text(of bytes: UnsafeRawBufferPointer, mime: String) -> String {
    let isBinary = ["image/png", "image/jpeg", "image/gif"].contains(mime)
    if isBinary, bytes.contains(where: { $0 < 9 || $0 > 126 }) { return Base64.text(of: Array(bytes)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// RFC 4648 base64.
public enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  public static func text(of bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4 + 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits = group.reduce(0) { $0 << 8 | Int($1) }
      bits <<= 8 * (3 - group.count)
      for place in 0..<4 {
        text.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
