/// A variable that a cell sets to a default, `lr = 1e-3` or `local lr = 1e-3`, which a batch run may replace.
public struct CellParameter: Equatable, Sendable {
  public enum Kind: String, Sendable {
    case integer, number, string, boolean, table
    /// The default is nil or computed: any value will do.
    case any
  }

  public var name: String
  public var kind: Kind
  /// The default as it is written.
  public var text: String
  /// Declared with `<const>`, so that a new value needs a new declaration.
  public var isConstant: Bool

  /// The parameters that a cell sets at its top level, in order; none when it is not valid Lua.
  public static func all(in source: String) -> [CellParameter] {
    let bytes = Array(source.utf8)
    guard let syntax = try? CellSyntax(bytes) else { return [] }
    return syntax.statements.compactMap { statement in
      guard var tokens = try? CellLexer.tokens(of: Array(bytes[statement.range]))[...] else { return nil }
      var isConstant = false
      if tokens.first?.text == "local" {
        guard case .local(let variables) = statement.kind, variables.count == 1 else { return nil }
        isConstant = variables[0].attribute != nil
        tokens = tokens.dropFirst()
      }
      guard let name = tokens.first, name.kind == .name,
        let equals = tokens.firstIndex(where: { $0.text == "=" && $0.kind == .symbol }),
        equals - tokens.startIndex == (isConstant ? 4 : 1)
      else { return nil }
      let value = tokens[(equals + 1)...].dropLast()
      let start = statement.range.lowerBound
      guard let first = value.first, let last = value.last else { return nil }
      let text = bytes[(start + first.range.lowerBound)..<(start + last.range.upperBound)]
      let written = String(decoding: text, as: UTF8.self)
      return CellParameter(
        name: name.text, kind: kind(of: value, written), text: written, isConstant: isConstant)
    }
  }

  private static func kind(of value: ArraySlice<CellToken>, _ text: String) -> Kind {
    var value = value
    if value.first?.text == "{" { return .table }
    if value.first?.text == "-" { value = value.dropFirst() }
    guard value.count == 1, let token = value.first else { return .any }
    switch token.kind {
    case .string: return .string
    case .number:
      let isHexadecimal = text.lowercased().contains("0x")
      let marks: Set<Character> = isHexadecimal ? [".", "p", "P"] : [".", "e", "E"]
      return text.contains(where: marks.contains) ? .number : .integer
    case .keyword where token.text == "true" || token.text == "false": return .boolean
    default: return .any
    }
  }

  /// A value from the command line as Lua source of this parameter's type; nil when it has another type.
  public func literal(for value: String) -> String? {
    switch kind {
    case .integer: return Self.isNumber(value) && Int(value) != nil ? value : nil
    case .number:
      guard Self.isNumber(value) else { return nil }
      return Int(value) != nil ? value + ".0" : value
    case .boolean: return value == "true" || value == "false" ? value : nil
    case .string: return Self.quoted(value)
    case .table: return value.hasPrefix("{") && Self.isExpression(value) ? value : nil
    case .any:
      if Self.isNumber(value) || value == "true" || value == "false" || value == "nil" { return value }
      return value.hasPrefix("{") && Self.isExpression(value) ? value : Self.quoted(value)
    }
  }

  private static func isNumber(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard var tokens = try? CellLexer.tokens(of: bytes) else { return false }
    if tokens.first?.text == "-" { tokens.removeFirst() }
    let isPlain = tokens.count == 2 && tokens[0].kind == .number && tokens[0].range.upperBound == bytes.count
    return isPlain && Double(text) != nil
  }

  private static func isExpression(_ text: String) -> Bool {
    guard let syntax = try? CellSyntax(Array("return \(text)".utf8)) else { return false }
    return syntax.statements.count == 1
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\0": result += "\\0"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
