import OrderedCollections

/// Where and why a text is not JSON; `column` counts characters.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  public let line: Int
  public let column: Int
  /// Bytes before the place.
  public let offset: Int
  public let reason: String

  public var description: String { "line \(line), column \(column): \(reason)" }
}

extension JSON {
  /// Reads one JSON text; a byte order mark before it is skipped.
  /// - Throws: `JSONError`.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws -> JSON {
    var parser = JSONParser(bytes)
    let value = try parser.value()
    try parser.end()
    return value
  }

  public static func parse(_ bytes: [UInt8]) throws -> JSON {
    try bytes.withUnsafeBytes { try parse($0) }
  }

  public static func parse(_ text: String) throws -> JSON {
    var text = text
    return try text.withUTF8 { try parse(UnsafeRawBufferPointer($0)) }
  }

  /// Reads a file that holds one JSON value.
  /// - Throws: `FileError` with the line.
  public static func read(_ path: String) throws -> JSON {
    let file = try MappedFile(path)
    do {
      return try withExtendedLifetime(file) { try parse(file.bytes) }
    } catch let error as JSONError {
      throw FileError(path: path, line: error.line, reason: "column \(error.column): \(error.reason)")
    }
  }
}

/// Reads JSON values from bytes, one after another.
///
/// Nesting deeper than `depthLimit` is refused, so that no text can exhaust the stack. A key given twice in
/// one object is an error: other readers disagree about which one counts. Half of a surrogate pair reads as
/// U+FFFD.
public struct JSONParser {
  public static let depthLimit = 512

  private let bytes: UnsafeRawBufferPointer
  /// The byte that is read next.
  public private(set) var position: Int
  private var depth = 0

  /// Starts at `offset`; the bytes must outlive the parser.
  public init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
    self.bytes = bytes
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    position = offset == 0 && bytes.starts(with: mark) ? 3 : offset
  }

  /// The value that starts here, after any white space.
  public mutating func value() throws -> JSON {
    skipSpace()
    guard position < bytes.count else { throw fail("a value is missing: the text ends here") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw fail("a value expected, got \(shown(position))")
    }
  }

  /// Checks that nothing but white space follows.
  public mutating func end() throws {
    skipSpace()
    if position < bytes.count { throw fail("the text goes on after its value with \(shown(position))") }
  }

  /// Takes `character` if it comes next, after any white space.
  public mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// An error at the present place, or at `offset`.
  public func fail(_ reason: String, at offset: Int? = nil) -> JSONError {
    let offset = offset ?? position
    var line = 1
    var lineStart = 0
    for i in 0..<min(offset, bytes.count) where bytes[i] == 0x0A {
      line += 1
      lineStart = i + 1
    }
    let before = bytes[lineStart..<max(lineStart, min(offset, bytes.count))]
    let mark = lineStart == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 1 : 0
    let column = before.reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 } - mark
    return JSONError(line: line, column: column, offset: offset, reason: reason)
  }

  /// Moves on to the next byte that is not white space.
  public mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// The character at `offset` as a message shows it.
  private func shown(_ offset: Int) -> String {
    guard offset < bytes.count else { return "the end of the text" }
    let text = String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self)
    guard let first = text.unicodeScalars.first else { return "the end of the text" }
    if first.value < 0x20 { return "a control character (\(first.value))" }
    return "'\(first)'"
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws -> JSON {
    let count = text.utf8CodeUnitCount
    let matches =
      position + count <= bytes.count
      && (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
    guard matches else { throw fail("'\(text)' expected") }
    position += count
    return value
  }

  private mutating func enter() throws {
    depth += 1
    if depth > Self.depthLimit { throw fail("nested deeper than \(Self.depthLimit) levels") }
    position += 1
  }

  private mutating func array() throws -> JSON {
    try enter()
    defer { depth -= 1 }
    var elements: [JSON] = []
    if take("]") { return .array(elements) }
    while true {
      elements.append(try value())
      if take("]") { return .array(elements) }
      if !take(",") { throw unfinishedArray() }
    }
  }

  private mutating func object() throws -> JSON {
    try enter()
    defer { depth -= 1 }
    var fields: OrderedDictionary<String, JSON> = [:]
    if take("}") { return .object(fields) }
    while true {
      skipSpace()
      let keyStart = position
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw unclosed("a key in double quotes", in: "object")
      }
      let key = try string()
      if !take(":") { throw unclosed("':' after the key '\(key)'", in: "object") }
      let value = try value()
      if fields.updateValue(value, forKey: key) != nil {
        throw fail("the key '\(key)' is given twice", at: keyStart)
      }
      if take("}") { return .object(fields) }
      if !take(",") { throw unclosed("',' or '}'", in: "object") }
    }
  }

  /// The error of an array that goes on neither with a comma nor with its end.
  public func unfinishedArray() -> JSONError { unclosed("',' or ']'", in: "array") }

  private func unclosed(_ expected: String, in kind: String) -> JSONError {
    if position < bytes.count { return fail("\(expected) expected, got \(shown(position))") }
    return fail("the text ends inside an \(kind): \(expected) expected")
  }

  private mutating func number() throws -> JSON {
    let start = position
    func digit(_ offset: Int) -> Bool {
      offset < bytes.count && bytes[offset] >= UInt8(ascii: "0") && bytes[offset] <= UInt8(ascii: "9")
    }
    func byte(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }
    var end = start
    if byte(end) == UInt8(ascii: "-") { end += 1 }
    guard digit(end) else { throw fail("a digit expected after '-'") }
    if byte(end) == UInt8(ascii: "0") && digit(end + 1) { throw fail("a number must not begin with 0") }
    while digit(end) { end += 1 }
    let wholeEnd = end
    if byte(end) == UInt8(ascii: ".") {
      end += 1
      guard digit(end) else { throw fail("a digit expected after '.'", at: end) }
      while digit(end) { end += 1 }
    }
    if byte(end) | 0x20 == UInt8(ascii: "e") {
      end += 1
      if byte(end) == UInt8(ascii: "+") || byte(end) == UInt8(ascii: "-") { end += 1 }
      guard digit(end) else { throw fail("a digit expected in the exponent", at: end) }
      while digit(end) { end += 1 }
    }
    position = end
    let text = String(decoding: bytes[start..<end], as: UTF8.self)
    if wholeEnd == end, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw fail("the number \(text) is out of range", at: start)
    }
    return .number(value)
  }

  /// Reads a string; the opening quote comes next.
  private mutating func string() throws -> String {
    let start = position
    position += 1
    let run = try plainRun()
    if bytes[position] == UInt8(ascii: "\"") {
      position += 1
      return try decoded(run)
    }
    var text = [UInt8](bytes[run])
    while bytes[position] != UInt8(ascii: "\"") {
      try escape(into: &text)
      text.append(contentsOf: bytes[try plainRun()])
    }
    position += 1
    guard UTF8Text.firstInvalidByte(in: text) == nil else {
      throw fail("this string is not UTF-8", at: start)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private func decoded(_ run: Range<Int>) throws -> String {
    let part = UnsafeRawBufferPointer(rebasing: bytes[run])
    if let bad = UTF8Text.firstInvalidByte(in: part) {
      throw fail("this string is not UTF-8", at: run.lowerBound + bad)
    }
    return String(decoding: part, as: UTF8.self)
  }

  /// The bytes up to the next quote or backslash.
  private mutating func plainRun() throws -> Range<Int> {
    let first = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): return first..<position
      case 0..<0x20: throw fail("a control character (\(bytes[position])) must be escaped in a string")
      default: position += 1
      }
    }
    throw fail("the text ends inside a string")
  }

  private mutating func escape(into text: inout [UInt8]) throws {
    let place = position
    guard position + 1 < bytes.count else { throw fail("the text ends inside a string") }
    let letter = bytes[position + 1]
    position += 2
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try unicodeEscape(place)
      text.append(contentsOf: Character(scalar).utf8)
    default: throw fail("unknown escape '\\\(Unicode.Scalar(letter))'", at: place)
    }
  }

  private mutating func unicodeEscape(_ place: Int) throws -> Unicode.Scalar {
    let replacement: Unicode.Scalar = "\u{FFFD}"
    let first = try hexDigits(place)
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? replacement }
    let next = position
    guard next + 1 < bytes.count, bytes[next] == UInt8(ascii: "\\"), bytes[next + 1] == UInt8(ascii: "u")
    else {
      return replacement
    }
    position += 2
    let second = try hexDigits(next)
    guard (0xDC00..<0xE000).contains(second) else {
      position = next
      return replacement
    }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? replacement
  }

  private mutating func hexDigits(_ place: Int) throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue,
        bytes[position] < 0x80
      else { throw fail("four hexadecimal digits expected after '\\u'", at: place) }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
