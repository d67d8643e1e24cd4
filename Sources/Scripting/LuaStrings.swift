/// The bytes of a Lua string, which need not be text.
public struct LuaBytes: Hashable, Sendable {
  public var bytes: [UInt8]
  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  /// As text, with U+FFFD for what is not UTF-8.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension LuaBytes: LuaValue {
  public static var luaType: String { "string" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .string }
  public static func read(_ state: LuaState, at index: Int32) throws -> LuaBytes {
    guard let value = state.withBytes(at: index, { LuaBytes($0) }) else {
      throw state.mismatch("string", at: index)
    }
    return value
  }
  public func push(to state: LuaState) throws { try bytes.withUnsafeBytes { try state.push(bytes: $0) } }
  public var luaLiteral: String? { LuaText.quoted(text) }
}

extension String: LuaValue {
  public static var luaType: String { "string" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .string }

  /// Text must be UTF-8: take `LuaBytes` where any bytes will do.
  public static func read(_ state: LuaState, at index: Int32) throws -> String {
    let text: String?? = state.withBytes(at: index) { String(validating: $0, as: UTF8.self) }
    guard let text else { throw state.mismatch("string", at: index) }
    guard let text else {
      let offset = state.withBytes(at: index, LuaText.firstInvalidByte) ?? nil
      throw ValueFault(ArgumentError.notUTF8(byte: (offset ?? 0) + 1))
    }
    return text
  }
  public func push(to state: LuaState) throws { try state.push(self) }
  public var luaLiteral: String? { LuaText.quoted(self) }
}

/// An enum whose cases are Lua strings: `enum Reduction: String, LuaChoice { case mean, sum, none }`.
public protocol LuaChoice: LuaValue, CaseIterable, RawRepresentable, Sendable where RawValue == String {}

extension LuaChoice {
  public static var luaType: String { allCases.map { "'\($0.rawValue)'" }.joined(separator: "|") }
  public static var choices: [String] { allCases.map(\.rawValue) }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .string }
  public static func read(_ state: LuaState, at index: Int32) throws -> Self {
    guard state.kind(at: index) == .string, let text = state.text(at: index) else {
      throw state.mismatch(luaType, at: index)
    }
    guard let value = Self(rawValue: text) else {
      throw ValueFault(ArgumentError.unknownChoice(text, of: choices, expected: luaType))
    }
    return value
  }
  public func push(to state: LuaState) throws { try state.push(rawValue) }
  public var luaLiteral: String? { LuaText.quoted(rawValue) }
}

/// Values as Lua source text.
public enum LuaText {
  /// A number as Lua prints it: `1`, `0.5`, `1e-06`, `inf`.
  public static func number(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    return "\(value)"
  }

  /// A string in double quotes, control characters escaped.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.value < 32 || scalar.value == 127:
        let digits = String(scalar.value)
        result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Whether the text can be written as a name in Lua.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !keywords.contains(text) else { return false }
    func isLetter(_ c: UInt8) -> Bool { c == 95 || (65...90).contains(c) || (97...122).contains(c) }
    return isLetter(first) && text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) }
  }

  /// The reserved words of Lua 5.4.
  public static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]

  static func firstInvalidByte(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var decoder = UTF8(), iterator = bytes.makeIterator(), offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }
}
