import Files

/// Syntax errors of cells in words that fit cells, where a last expression is no mistake and names may look like any
/// language.
enum SyntaxFault {
  /// The same mistake told better, where that is possible.
  ///
  /// Lua takes the `1` of `1 +` for the mistake, as no statement begins so; read as an expression the text ends early.
  static func clearer(_ error: LuaError, of source: [UInt8], name: String, _ state: LuaState) -> LuaError {
    var message = error.message
    if let told = asExpression(source, name: name, state) { message = told }
    if let character = foreignCharacter(in: message, of: source) {
      message = character
    }
    return message == error.message ? error : LuaError(kind: .syntax, message: message)
  }

  /// What Lua says when the statement that the grammar gave up on is read as an expression.
  private static func asExpression(_ source: [UInt8], name: String, _ state: LuaState) -> String? {
    guard let (start, kind) = CellParser.failingStatement(source), kind != .statement else { return nil }
    let base = state.top
    defer { state.top = base }
    do {
      try state.load(source[..<start] + "return ".utf8 + source[start...], name: "=" + name)
      return nil
    } catch {
      let message = (error as? LuaError)?.message
      // `foo bar`: not an expression that goes wrong, but something else.
      return kind == .name && message?.contains("<eof> expected near") != false ? nil : message
    }
  }

  /// Lua shows the first byte of a letter that is not ASCII; a person wants to see the word.
  private static func foreignCharacter(in message: String, of source: [UInt8]) -> String? {
    guard let mark = message.firstRange(of: "near '<\\"), let place = EvaluationFailure.place(in: message)
    else {
      return nil
    }
    let byte = message[mark.upperBound...].prefix { $0.isASCII && $0.isNumber }
    guard message[mark.upperBound...].dropFirst(byte.count) == ">'", let value = UInt8(byte), value >= 128
    else {
      return nil
    }
    let lines = source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard place.line >= 1, place.line <= lines.count, let at = lines[place.line - 1].firstIndex(of: value)
    else {
      return nil
    }
    let line = String(decoding: lines[place.line - 1][at...], as: UTF8.self)
    let word = line.prefix { !$0.isASCII }
    let shown = word.count > 12 ? word.prefix(11) + "…" : word
    return message[..<mark.lowerBound]
      + "near '\(shown)' (names are ASCII letters, digits and _; text needs quotes)"
  }
}

extension CellParser {
  enum Beginning { case statement, name, value }

  /// Where the top-level statement begins that the grammar does not take, and what it begins with.
  static func failingStatement(_ bytes: [UInt8]) -> (start: Int, beginning: Beginning)? {
    guard let tokens = try? CellLexer.tokens(of: bytes) else { return nil }
    var parser = CellParser(tokens: tokens)
    guard (try? parser.parseCell()) == nil else { return nil }
    let token = parser.statementStart
    switch token.kind {
    case .name: return (token.range.lowerBound, .name)
    case .number, .string: return (token.range.lowerBound, .value)
    case .symbol where ["{", "-", "#", "~", "..."].contains(token.text):
      return (token.range.lowerBound, .value)
    case .symbol where token.text == "(": return (token.range.lowerBound, .name)
    case .keyword where ["not", "nil", "true", "false"].contains(token.text):
      return (token.range.lowerBound, .value)
    default: return (token.range.lowerBound, .statement)
    }
  }
}
