import OrderedCollections

extension JSON {
  /// This value as text, byte for byte as Python's `json.dumps(ensure_ascii=False)` writes it.
  ///
  /// - Parameters:
  ///   - indent: spaces a level, one value a line; none puts all on one line.
  ///   - sortedKeys: write the keys of each object in the order of their code points.
  ///
  /// Numbers are the shortest text that reads back as the same value. JSON has no word for a number that
  /// is not finite; it is written as `null`.
  public func text(indent: Int? = nil, sortedKeys: Bool = false) -> String {
    var writer = JSONTextWriter(indent: indent, sortedKeys: sortedKeys)
    writer.write(self, level: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

private struct JSONTextWriter {
  let indent: Int?
  let sortedKeys: Bool
  var bytes: [UInt8] = []

  init(indent: Int?, sortedKeys: Bool) {
    self.indent = indent
    self.sortedKeys = sortedKeys
  }

  mutating func write(_ value: JSON, level: Int) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .integer(let value): append(String(value))
    case .number(let value): append(value.isFinite ? NumberText.text(of: value) : "null")
    case .string(let text): write(text)
    case .array(let elements):
      group("[", "]", count: elements.count, level: level) { writer, i in
        writer.write(elements[i], level: level + 1)
      }
    case .object(let fields):
      let keys =
        sortedKeys ? fields.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : Array(fields.keys)
      group("{", "}", count: keys.count, level: level) { writer, i in
        writer.write(keys[i])
        writer.append(": ")
        writer.write(fields[keys[i]] ?? .null, level: level + 1)
      }
    }
  }

  private mutating func group(
    _ open: String, _ close: String, count: Int, level: Int, _ element: (inout JSONTextWriter, Int) -> Void
  ) {
    append(open)
    for i in 0..<count {
      if i > 0 { append(indent == nil ? ", " : ",") }
      newLine(level + 1)
      element(&self, i)
    }
    if count > 0 { newLine(level) }
    append(close)
  }

  private mutating func newLine(_ level: Int) {
    guard let indent else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x08: append("\\b")
      case 0x09: append("\\t")
      case 0x0A: append("\\n")
      case 0x0C: append("\\f")
      case 0x0D: append("\\r")
      case 0..<0x20: append("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// Numbers in Python's notation.
public enum NumberText {
  /// The shortest text that reads back as `value`, as Python's `repr` lays it out: an exponent only below
  /// 1e-4 and from 1e16 on, with at least two digits.
  public static func text(of value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    guard value != 0 else { return value.sign == .minus ? "-0.0" : "0.0" }
    let (digits, exponent) = decimal(value.magnitude)
    let sign = value < 0 ? "-" : ""
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.count > 1 ? "." + String(decoding: digits.dropFirst(), as: UTF8.self) : ""
      let size = String(abs(exponent))
      return sign + String(decoding: digits.prefix(1), as: UTF8.self) + fraction
        + (exponent < 0 ? "e-" : "e+")
        + (size.utf8.count < 2 ? "0" : "") + size
    }
    var bytes: [UInt8] = []
    let zero = UInt8(ascii: "0")
    if exponent < 0 {
      bytes.append(zero)
      bytes.append(UInt8(ascii: "."))
      bytes.append(contentsOf: repeatElement(zero, count: -exponent - 1))
      bytes.append(contentsOf: digits)
    } else {
      for i in 0...max(exponent, digits.count - 1) {
        if i == exponent + 1 { bytes.append(UInt8(ascii: ".")) }
        bytes.append(i < digits.count ? digits[i] : zero)
      }
      if digits.count <= exponent + 1 { bytes.append(contentsOf: ".0".utf8) }
    }
    return sign + String(decoding: bytes, as: UTF8.self)
  }

  /// The significant digits of a positive number and the power of ten of the first.
  private static func decimal(_ value: Double) -> (digits: [UInt8], exponent: Int) {
    let parts = value.description.split(separator: "e", maxSplits: 1)
    let halves = parts[0].split(separator: ".", maxSplits: 1)
    let whole = Array(halves[0].utf8)
    let fraction = halves.count > 1 ? Array(halves[1].utf8) : []
    let written = whole + fraction
    let zero = UInt8(ascii: "0")
    let leading = written.prefix { $0 == zero }.count
    var digits = Array(written.dropFirst(leading))
    while digits.count > 1, digits.last == zero { digits.removeLast() }
    let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    return (digits, whole.count - 1 - leading + power)
  }
}
