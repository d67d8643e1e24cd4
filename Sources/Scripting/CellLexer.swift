/// One token of Lua 5.4 source with its place in the text.
struct CellToken: Equatable {
  enum Kind: Equatable { case name, keyword, number, string, symbol, end }
  var kind: Kind
  /// The text of names, keywords and symbols; empty for literals.
  var text: String
  /// Offsets into the UTF-8 text.
  var range: Range<Int>
  /// Counts from 1.
  var line: Int
}

/// Splits Lua 5.4 source into tokens; throws where the source has none, without a message of its own
/// (Lua's compiler is asked for that).
struct CellLexer {
  struct Malformed: Error {}

  static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]
  /// Longest first, so that the first match is the right one.
  private static let symbols: [[UInt8]] = [
    "...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>", "+", "-", "*", "/", "%", "^", "#", "&", "~",
    "|", "<", ">", "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", ".",
  ].map { Array($0.utf8) }

  private let bytes: [UInt8]
  private var at = 0
  private var line = 1

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// All tokens, the last of kind `.end`.
  static func tokens(of bytes: [UInt8]) throws -> [CellToken] {
    var lexer = CellLexer(bytes)
    var tokens: [CellToken] = []
    tokens.reserveCapacity(bytes.count / 4 + 1)
    while true {
      let token = try lexer.next()
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    at + offset < bytes.count ? bytes[at + offset] : nil
  }

  private mutating func next() throws -> CellToken {
    try skipSpaceAndComments()
    let start = at
    let startLine = line
    func token(_ kind: CellToken.Kind, _ text: String = "") -> CellToken {
      CellToken(kind: kind, text: text, range: start..<at, line: startLine)
    }
    guard let first = byte() else { return token(.end) }
    if Self.isLetter(first) {
      while let next = byte(), Self.isLetter(next) || Self.isDigit(next) { at += 1 }
      let text = String(decoding: bytes[start..<at], as: UTF8.self)
      return token(Self.keywords.contains(text) ? .keyword : .name, text)
    }
    if Self.isDigit(first) || first == UInt8(ascii: ".") && byte(1).map(Self.isDigit) == true {
      skipNumber()
      return token(.number)
    }
    if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
      try skipString(closedBy: first)
      return token(.string)
    }
    if first == UInt8(ascii: "["), let level = longBracketLevel() {
      try skipLongBracket(level: level)
      return token(.string)
    }
    for symbol in Self.symbols where bytes[at...].starts(with: symbol) {
      at += symbol.count
      return token(.symbol, String(decoding: symbol, as: UTF8.self))
    }
    throw Malformed()
  }

  private mutating func skipSpaceAndComments() throws {
    while let next = byte() {
      switch next {
      case UInt8(ascii: "\n"):
        line += 1
        at += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0B, 0x0C:
        at += 1
      case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"):
        at += 2
        if let level = longBracketLevel() {
          try skipLongBracket(level: level)
        } else {
          while let next = byte(), next != UInt8(ascii: "\n") { at += 1 }
        }
      default:
        return
      }
    }
  }

  /// Lua's own rule: a digit run of hexadecimal digits, dots and signed exponents.
  private mutating func skipNumber() {
    var exponent: [UInt8] = Array("eE".utf8)
    if byte() == UInt8(ascii: "0"), let x = byte(1), x == UInt8(ascii: "x") || x == UInt8(ascii: "X") {
      exponent = Array("pP".utf8)
      at += 2
    }
    while let next = byte() {
      if exponent.contains(next) {
        at += 1
        if let sign = byte(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { at += 1 }
      } else if Self.isHexadecimal(next) || next == UInt8(ascii: ".") {
        at += 1
      } else {
        break
      }
    }
  }

  private mutating func skipString(closedBy quote: UInt8) throws {
    at += 1
    while let next = byte() {
      at += 1
      if next == quote { return }
      if next == UInt8(ascii: "\n") { throw Malformed() }
      guard next == UInt8(ascii: "\\"), let escaped = byte() else { continue }
      at += 1
      if escaped == UInt8(ascii: "\n") {
        line += 1
        if byte() == UInt8(ascii: "\r") { at += 1 }
      } else if escaped == UInt8(ascii: "\r") {
        if byte() == UInt8(ascii: "\n") {
          line += 1
          at += 1
        }
      } else if escaped == UInt8(ascii: "z") {
        while let space = byte(), space == 0x20 || (0x09...0x0D).contains(space) {
          if space == UInt8(ascii: "\n") { line += 1 }
          at += 1
        }
      }
    }
    throw Malformed()
  }

  /// The number of `=` in the long bracket that opens here, or nil.
  private func longBracketLevel() -> Int? {
    guard byte() == UInt8(ascii: "[") else { return nil }
    var level = 0
    while byte(1 + level) == UInt8(ascii: "=") { level += 1 }
    return byte(1 + level) == UInt8(ascii: "[") ? level : nil
  }

  private mutating func skipLongBracket(level: Int) throws {
    at += level + 2
    while let next = byte() {
      if next == UInt8(ascii: "\n") { line += 1 }
      at += 1
      guard next == UInt8(ascii: "]") else { continue }
      var count = 0
      while byte(count) == UInt8(ascii: "=") { count += 1 }
      if count == level, byte(count) == UInt8(ascii: "]") {
        at += count + 1
        return
      }
    }
    throw Malformed()
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }
}
