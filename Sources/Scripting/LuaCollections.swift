extension Array: LuaValue where Element: LuaValue {
  public static var luaType: String { element(Element.luaType) + "[]" }
  private static func element(_ type: String) -> String { type.contains("|") ? "(\(type))" : type }
  public static var optionFields: [FieldDoc] { Element.optionFields }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .table }

  public static func read(_ state: LuaState, at index: Int32) throws -> [Element] {
    guard state.kind(at: index) == .table else { throw state.mismatch("table", at: index) }
    let index = state.absolute(index), count = state.rawLength(at: index)
    try state.reserve(4)
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for n in stride(from: 1, through: count, by: 1) {
      state.rawGet(n, from: index)
      defer { state.pop() }
      do { elements.append(try Element.read(state, at: -1)) } catch let fault as ValueFault {
        throw ValueFault(ArgumentError.element(n, fault.reason))
      }
    }
    return elements
  }

  public func push(to state: LuaState) throws {
    try state.reserve(6)
    try state.pushTable(array: count)
    for (n, element) in enumerated() {
      try element.push(to: state)
      try state.rawSet(n + 1, into: -2)
    }
  }

  public var luaLiteral: String? {
    let parts = compactMap(\.luaLiteral)
    return parts.count == count ? (isEmpty ? "{}" : "{ \(parts.joined(separator: ", ")) }") : nil
  }
}

extension Dictionary: LuaValue where Key == String, Value: LuaValue {
  public static var luaType: String { "table<string, \(Value.luaType)>" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .table }

  public static func read(_ state: LuaState, at index: Int32) throws -> [String: Value] {
    guard state.kind(at: index) == .table else { throw state.mismatch("table", at: index) }
    var result: [String: Value] = [:]
    try state.forEachPair(of: index) {
      guard state.kind(at: -2) == .string, let key = state.text(at: -2) else {
        throw ValueFault(ArgumentError.keyExpected(got: state.typeName(at: -2)))
      }
      do { result[key] = try Value.read(state, at: -1) } catch let fault as ValueFault {
        throw ValueFault(ArgumentError.field(key, fault.reason))
      }
    }
    return result
  }

  public func push(to state: LuaState) throws {
    try state.reserve(6)
    try state.pushTable(fields: count)
    for (key, value) in self {
      try value.push(to: state)
      try state.rawSet(key, into: -2)
    }
  }
}

extension Optional: LuaValue where Wrapped: LuaValue {
  public static var luaType: String { Wrapped.luaType }
  public static var isOptional: Bool { true }
  public static var optionFields: [FieldDoc] { Wrapped.optionFields }
  public static var choices: [String] { Wrapped.choices }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    state.isNil(at: index) || Wrapped.accepts(state, at: index)
  }
  public static func read(_ state: LuaState, at index: Int32) throws -> Wrapped? {
    state.isNil(at: index) ? nil : try Wrapped.read(state, at: index)
  }
  public func push(to state: LuaState) throws {
    if let self { try self.push(to: state) } else { state.pushNil() }
  }
  public var luaLiteral: String? { self?.luaLiteral }
}

/// A value that may be of one type or of another: `Either<Double, LuaCallback>`.
///
/// Nest for more.
public enum Either<First: LuaValue, Second: LuaValue>: LuaValue {
  case first(First)
  case second(Second)

  public static var luaType: String { "\(First.luaType)|\(Second.luaType)" }
  public static var optionFields: [FieldDoc] { First.optionFields + Second.optionFields }
  public static var choices: [String] { First.choices + Second.choices }
  public static var isOptional: Bool { First.isOptional || Second.isOptional }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    First.accepts(state, at: index) || Second.accepts(state, at: index)
  }

  /// When both could be meant, as two kinds of tables, the first that can be read is taken.
  public static func read(_ state: LuaState, at index: Int32) throws -> Self {
    switch (First.accepts(state, at: index), Second.accepts(state, at: index)) {
    case (true, false): return .first(try First.read(state, at: index))
    case (false, true): return .second(try Second.read(state, at: index))
    case (true, true):
      do { return .first(try First.read(state, at: index)) } catch let fault as ValueFault {
        if let second = try? Second.read(state, at: index) { return .second(second) }
        throw fault
      }
    case (false, false): throw state.mismatch(ArgumentError.alternatives(luaType), at: index)
    }
  }

  public func push(to state: LuaState) throws {
    switch self {
    case .first(let value): try value.push(to: state)
    case .second(let value): try value.push(to: state)
    }
  }

  public var luaLiteral: String? {
    switch self {
    case .first(let value): value.luaLiteral
    case .second(let value): value.luaLiteral
    }
  }
}

extension Either: Sendable where First: Sendable, Second: Sendable {}
