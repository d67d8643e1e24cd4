/// A Lua table that Swift reads and writes.
///
/// `nil` results mean that nothing stands there.
public struct LuaTable: LuaValue {
  public let reference: LuaReference
  public init(_ reference: LuaReference) { self.reference = reference }

  /// A new empty table.
  public init(in state: LuaState) throws {
    try state.reserve(4)
    try state.pushTable()
    reference = try state.takeReference()
  }

  public static var luaType: String { "table" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .table }
  public static func read(_ state: LuaState, at index: Int32) throws -> LuaTable {
    guard state.kind(at: index) == .table else { throw state.mismatch("table", at: index) }
    return LuaTable(try state.reference(at: index))
  }
  public func push(to state: LuaState) throws { try reference.push(to: state) }

  /// The value at a string key, without metamethods.
  public func get<Value: LuaValue>(_ key: String, as type: Value.Type = Value.self) throws -> Value? {
    try reading { state in
      try state.rawGet(key, from: -1)
      do { return try Value?.read(state, at: -1) } catch let fault as ValueFault {
        throw ValueFault(ArgumentError.field(key, fault.reason))
      }
    }
  }

  /// The value at an integer key, without metamethods.
  public func get<Value: LuaValue>(_ n: Int, as type: Value.Type = Value.self) throws -> Value? {
    try reading { state in
      state.rawGet(n, from: -1)
      do { return try Value?.read(state, at: -1) } catch let fault as ValueFault {
        throw ValueFault(ArgumentError.element(n, fault.reason))
      }
    }
  }

  public func set(_ key: String, to value: some LuaValue) throws {
    try reading { state in
      try value.push(to: state)
      try state.rawSet(key, into: -2)
    }
  }

  public func set(_ n: Int, to value: some LuaValue) throws {
    try reading { state in
      try value.push(to: state)
      try state.rawSet(n, into: -2)
    }
  }

  /// Sets a Swift function without a declaration.
  public func set(_ key: String, function body: @escaping (LuaState) throws -> Int32) throws {
    try reading { state in
      try state.pushFunction(named: key, body)
      try state.rawSet(key, into: -2)
    }
  }

  /// The length of the array part, without `__len`.
  public var count: Int { get throws { try reading { $0.rawLength(at: -1) } } }

  /// All pairs, in no order.
  public var pairs: [(key: LuaAny, value: LuaAny)] {
    get throws {
      try reading { state in
        var result: [(LuaAny, LuaAny)] = []
        try state.forEachPair(of: -1) {
          try state.reserve(8)
          result.append((try LuaAny.read(state, at: -2), try LuaAny.read(state, at: -1)))
        }
        return result
      }
    }
  }

  /// Runs `body` with the table on top of the stack, which is then as it was before.
  public func reading<R>(_ body: (LuaState) throws -> R) throws -> R {
    let state = try reference.state(), base = state.top
    defer { state.top = base }
    try reference.push(to: state)
    return try body(state)
  }
}
