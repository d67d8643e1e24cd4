public import Files
import OrderedCollections
public import Scripting

extension JSON: LuaValue {
  public static var luaType: String { "nil|boolean|number|string|table" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    switch state.kind(at: index) {
    case .nil, .boolean, .number, .string, .table: true
    default: false
    }
  }

  /// A table with the keys 1 to n is an array, any other an object; an empty table is an object.
  public static func read(_ state: LuaState, at index: Int32) throws -> JSON {
    try read(state, at: index, depth: 0)
  }

  private static let deepest = 200

  private static func read(_ state: LuaState, at index: Int32, depth: Int) throws -> JSON {
    switch state.kind(at: index) {
    case .nil: return .null
    case .boolean: return .bool(state.boolean(at: index))
    case .number:
      if state.isInteger(at: index), let integer = state.integer(at: index) {
        return .integer(Int64(integer))
      }
      let number = state.number(at: index) ?? .nan
      guard number.isFinite else {
        throw ValueFault("finite number expected, got \(number.isNaN ? .nan : number)")
      }
      return .number(number)
    case .string: return .string(try String.read(state, at: index))
    case .table:
      guard depth < deepest else {
        throw ValueFault("a table nested less than \(deepest) deep expected (a cycle?)")
      }
      return try readTable(state, at: state.absolute(index), depth: depth)
    default: throw state.mismatch("nil, boolean, number, string or table", at: index)
    }
  }

  private static func readTable(_ state: LuaState, at index: Int32, depth: Int) throws -> JSON {
    try state.reserve(8)
    let count = state.rawLength(at: index)
    var pairs: [(key: String, value: JSON)] = []
    var elements = 0
    try state.forEachPair(of: index) {
      if let n = state.integer(at: -2), n >= 1, n <= count {
        elements += 1
      } else if state.kind(at: -2) == .string {
        let key = try String.read(state, at: -2)
        do { pairs.append((key, try read(state, at: -1, depth: depth + 1))) } catch let fault as ValueFault {
          throw ValueFault("field '\(key)': \(fault.reason)")
        }
      } else {
        throw ValueFault(
          "keys that are strings, or 1 to n without a gap, expected, got \(state.typeName(at: -2))")
      }
    }
    guard elements > 0 else {
      return .object(OrderedDictionary(uniqueKeysWithValues: pairs.sorted { $0.key < $1.key }))
    }
    guard pairs.isEmpty, elements == count else {
      throw ValueFault("either an array or an object expected, got a table with both kinds of keys")
    }
    return .array(
      try (1...count).map { n in
        state.rawGet(n, from: index)
        defer { state.pop() }
        return try read(state, at: -1, depth: depth + 1)
      })
  }

  /// `null` becomes nil, so an object loses such fields.
  public func push(to state: LuaState) throws {
    try state.reserve(8)
    switch self {
    case .null: state.pushNil()
    case .bool(let value): state.push(value)
    case .integer(let value): state.push(Int(value))
    case .number(let value): state.push(value)
    case .string(let value): try state.push(value)
    case .array(let elements):
      try state.pushTable(array: elements.count)
      for (n, element) in elements.enumerated() {
        try element.push(to: state)
        try state.rawSet(n + 1, into: -2)
      }
    case .object(let fields):
      try state.pushTable(fields: fields.count)
      for (key, value) in fields {
        try value.push(to: state)
        try state.rawSet(key, into: -2)
      }
    }
  }
}
