/// A Swift type whose values go to Lua and come back.
///
/// Conform by `LuaObject` (a class Lua sees as an object), `LuaOptions` (a table of options), `LuaChoice` (an enum of
/// strings), or by hand: read without side effects, throw `state.mismatch(...)` or `ValueFault` when the value will not do.
public protocol LuaValue: LuaMetatype {
  /// The type in Lua's words, as messages and documentation name it: `number`, `string[]`, `'a'|'b'`.
  static var luaType: String { get }
  /// Whether a value of this kind stands at `index`, judged by its Lua type alone.
  static func accepts(_ state: LuaState, at index: Int32) -> Bool
  /// - Throws: `ValueFault` that says what was expected and what came.
  static func read(_ state: LuaState, at index: Int32) throws -> Self
  /// Pushes exactly one value.
  func push(to state: LuaState) throws

  /// Whether an argument of this type may be left out.
  static var isOptional: Bool { get }
  /// Whether it takes all arguments that are left.
  static var isVariadic: Bool { get }
  /// The fields of an options table.
  static var optionFields: [FieldDoc] { get }
  /// The words a string of this type may be.
  static var choices: [String] { get }
  /// Pushes the value as results of a function; answers how many.
  func pushResults(to state: LuaState) throws -> Int32
  /// The value as Lua source, for documentation.
  var luaLiteral: String? { get }
}

#if compiler(>=6.2)
  /// Types whose metatypes closures may carry between threads.
  public typealias LuaMetatype = SendableMetatype
#else
  public typealias LuaMetatype = Any
#endif

extension LuaValue {
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    (try? read(state, at: index)) != nil
  }
  public static var isOptional: Bool { false }
  public static var isVariadic: Bool { false }
  public static var optionFields: [FieldDoc] { [] }
  public static var choices: [String] { [] }
  public func pushResults(to state: LuaState) throws -> Int32 {
    try push(to: state)
    return 1
  }
  public var luaLiteral: String? { nil }
}

/// Why a Lua value cannot be what is asked for: `number expected, got string`.
public struct ValueFault: Error, Equatable, CustomStringConvertible {
  public let reason: String
  public init(_ reason: String) { self.reason = reason }
  public var description: String { reason }
}

extension LuaState {
  /// `<expected> expected, got <what stands there>`.
  public func mismatch(_ expected: String, at index: Int32) -> ValueFault {
    ValueFault(ArgumentError.expected(expected, got: typeName(at: index)))
  }

  /// The type of a value as messages name it: objects by their class.
  public func typeName(at index: Int32) -> String {
    let kind = kind(at: index)
    guard kind == .userdata || kind == .table else { return kind.name }
    try? reserve(6)
    guard (try? pushMetaField("__name", at: index)) != nil else { return kind.name }
    defer { pop() }
    return text(at: -1) ?? kind.name
  }
}

// MARK: Numbers

extension Double: LuaValue {
  public static var luaType: String { "number" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .number }
  public static func read(_ state: LuaState, at index: Int32) throws -> Double {
    guard let value = state.number(at: index) else { throw state.mismatch("number", at: index) }
    return value
  }
  public func push(to state: LuaState) throws { state.push(self) }
  public var luaLiteral: String? { LuaText.number(self) }
}

extension Float: LuaValue {
  public static var luaType: String { "number" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .number }
  public static func read(_ state: LuaState, at index: Int32) throws -> Float {
    Float(try Double.read(state, at: index))
  }
  public func push(to state: LuaState) throws { state.push(Double(self)) }
  public var luaLiteral: String? { LuaText.number(Double("\(self)") ?? Double(self)) }
}

extension LuaValue where Self: FixedWidthInteger {
  public static var luaType: String { "integer" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .number }
  public static func read(_ state: LuaState, at index: Int32) throws -> Self {
    guard let number = state.number(at: index) else { throw state.mismatch("integer", at: index) }
    guard let integer = state.integer(at: index) else {
      throw ValueFault(ArgumentError.expected("integer", got: LuaText.number(number)))
    }
    guard let value = Self(exactly: integer) else {
      throw ValueFault(ArgumentError.outOfRange(integer, Self.min.description, Self.max.description))
    }
    return value
  }
  public func push(to state: LuaState) throws {
    if let value = Int(exactly: self) { state.push(value) } else { state.push(Double(self)) }
  }
  public var luaLiteral: String? { description }
}

extension Int: LuaValue {}
extension Int32: LuaValue {}
extension Int64: LuaValue {}
extension UInt64: LuaValue {}

extension Bool: LuaValue {
  public static var luaType: String { "boolean" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .boolean }
  public static func read(_ state: LuaState, at index: Int32) throws -> Bool {
    guard state.kind(at: index) == .boolean else { throw state.mismatch("boolean", at: index) }
    return state.boolean(at: index)
  }
  public func push(to state: LuaState) throws { state.push(self) }
  public var luaLiteral: String? { description }
}
