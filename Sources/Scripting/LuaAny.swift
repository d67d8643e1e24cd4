/// Any Lua value.
public enum LuaAny {
  case `nil`
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(LuaBytes)
  /// A table, a function, an object or a coroutine.
  case reference(LuaReference)

  public init(_ text: String) { self = .string(LuaBytes(text.utf8)) }

  public var kind: LuaState.Kind {
    switch self {
    case .nil: .nil
    case .boolean: .boolean
    case .integer, .number: .number
    case .string: .string
    case .reference(let reference): reference.kind
    }
  }

  public var isNil: Bool { if case .nil = self { true } else { false } }
  public var stringValue: String? { if case .string(let value) = self { value.text } else { nil } }
  public var intValue: Int? { if case .integer(let value) = self { value } else { nil } }
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  public var boolValue: Bool? { if case .boolean(let value) = self { value } else { nil } }
  public var referenceValue: LuaReference? { if case .reference(let value) = self { value } else { nil } }
}

extension LuaAny: LuaValue {
  public static var luaType: String { "any" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) != .none }

  public static func read(_ state: LuaState, at index: Int32) throws -> LuaAny {
    switch state.kind(at: index) {
    case .none: throw state.mismatch("value", at: index)
    case .nil: return .nil
    case .boolean: return .boolean(state.boolean(at: index))
    case .number:
      if state.isInteger(at: index), let value = state.integer(at: index) { return .integer(value) }
      return .number(try Double.read(state, at: index))
    case .string: return .string(try LuaBytes.read(state, at: index))
    case .lightUserdata, .table, .function, .userdata, .thread:
      return .reference(try state.reference(at: index))
    }
  }

  public func push(to state: LuaState) throws {
    switch self {
    case .nil: state.pushNil()
    case .boolean(let value): state.push(value)
    case .integer(let value): state.push(value)
    case .number(let value): state.push(value)
    case .string(let value): try value.push(to: state)
    case .reference(let value): try value.push(to: state)
    }
  }
}

/// All arguments that are left, or several results of one function.
public struct LuaMany<Element: LuaValue>: LuaValue {
  public var elements: [Element]
  public init(_ elements: [Element]) { self.elements = elements }

  public static var luaType: String { Element.luaType }
  public static var isOptional: Bool { true }
  public static var isVariadic: Bool { true }

  public static func read(_ state: LuaState, at index: Int32) throws -> LuaMany {
    var elements: [Element] = []
    for position in stride(from: state.absolute(index), through: state.top, by: 1) {
      elements.append(try Element.read(state, at: position))
    }
    return LuaMany(elements)
  }

  public func push(to state: LuaState) throws { try elements.push(to: state) }

  public func pushResults(to state: LuaState) throws -> Int32 {
    try state.reserve(elements.count + 4)
    for element in elements { try element.push(to: state) }
    return Int32(elements.count)
  }
}

/// What Lua's `for x in ... do` walks over: `return LuaIterator { try generator.next() }`.
public struct LuaIterator<Element: LuaValue>: LuaValue {
  let next: () throws -> Element?

  /// `next` gives the values one by one, and nil at the end.
  public init(_ next: @escaping () throws -> Element?) { self.next = next }

  public static var luaType: String { "fun(): \(Element.luaType)?" }
  public static func read(_ state: LuaState, at index: Int32) throws -> LuaIterator {
    let callback = try LuaCallback.read(state, at: index)
    return LuaIterator { try callback.call(returning: Element?.self) }
  }
  public func push(to state: LuaState) throws {
    let next = next
    try state.pushFunction(named: "iterator") { state in
      try state.reserve(4)
      return try next().pushResults(to: state)
    }
  }
}
