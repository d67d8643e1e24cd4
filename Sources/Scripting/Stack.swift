import CLua
import CLuaShim

/// A Lua thread seen from Swift: an argument of whoever runs on it, never stored.
///
/// What stands in this file cannot raise a Lua error; what can is in `Protected.swift`.
public struct LuaState {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  /// The interpreter this thread belongs to.
  public var interpreter: Interpreter {
    guard let context = yy_context(pointer) else { preconditionFailure("a Lua state without an interpreter") }
    return Unmanaged<Interpreter>.fromOpaque(context).takeUnretainedValue()
  }

  /// The types of Lua values.
  public enum Kind: Int32, Sendable {
    case none = -1
    case `nil`, boolean, lightUserdata, number, string, table, function, userdata, thread

    /// The type's name in Lua's words.
    public var name: String {
      switch self {
      case .none: "no value"
      case .nil: "nil"
      case .boolean: "boolean"
      case .lightUserdata: "light userdata"
      case .number: "number"
      case .string: "string"
      case .table: "table"
      case .function: "function"
      case .userdata: "userdata"
      case .thread: "thread"
      }
    }
  }

  // MARK: Positions

  public var top: Int32 {
    get { lua_gettop(pointer) }
    nonmutating set { lua_settop(pointer, newValue) }
  }

  public func pop(_ count: Int32 = 1) { lua_settop(pointer, -count - 1) }
  public func absolute(_ index: Int32) -> Int32 { lua_absindex(pointer, index) }
  public func insert(at index: Int32) { lua_rotate(pointer, index, 1) }

  public func remove(at index: Int32) {
    lua_rotate(pointer, index, -1)
    pop()
  }

  /// Makes room for `count` more values; a C function starts with room for 20.
  public func reserve(_ count: Int) throws {
    guard count < 1_000_000, lua_checkstack(pointer, Int32(count)) != 0 else {
      throw LuaError(kind: .runtime, message: "stack overflow")
    }
  }

  // MARK: Reading

  public func kind(at index: Int32) -> Kind { Kind(rawValue: lua_type(pointer, index)) ?? .none }
  public func isNil(at index: Int32) -> Bool { lua_type(pointer, index) <= LUA_TNIL }
  public func boolean(at index: Int32) -> Bool { lua_toboolean(pointer, index) != 0 }
  public func isInteger(at index: Int32) -> Bool { lua_isinteger(pointer, index) != 0 }
  public func rawLength(at index: Int32) -> Int { Int(lua_rawlen(pointer, index)) }
  public func rawEqual(_ a: Int32, _ b: Int32) -> Bool { lua_rawequal(pointer, a, b) != 0 }
  public func address(at index: Int32) -> UInt { UInt(bitPattern: lua_topointer(pointer, index)) }

  /// The number at `index`, whatever its subtype; nil for any other type, strings of digits too.
  public func number(at index: Int32) -> Double? {
    kind(at: index) == .number ? lua_tonumberx(pointer, index, nil) : nil
  }

  /// The number at `index` if it is integral and fits.
  public func integer(at index: Int32) -> Int? {
    guard kind(at: index) == .number else { return nil }
    var isInteger: Int32 = 0
    let value = lua_tointegerx(pointer, index, &isInteger)
    return isInteger != 0 ? Int(value) : nil
  }

  /// Calls `body` with the bytes of the string at `index`; nil when there is no string.
  public func withBytes<R>(at index: Int32, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R? {
    guard kind(at: index) == .string else { return nil }
    var count = 0
    let bytes = lua_tolstring(pointer, index, &count)
    return try body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// The string at `index`, bytes that are not UTF-8 replaced by U+FFFD.
  public func text(at index: Int32) -> String? {
    withBytes(at: index) { String(decoding: $0, as: UTF8.self) }
  }

  /// Replaces the key on top by the table's value, without metamethods; answers its type.
  @discardableResult public func rawGet(from table: Int32) -> Kind {
    Kind(rawValue: lua_rawget(pointer, table)) ?? .none
  }

  /// Pushes element `n` of a table, without metamethods; answers its type.
  @discardableResult public func rawGet(_ n: Int, from table: Int32) -> Kind {
    Kind(rawValue: lua_rawgeti(pointer, table, Int64(n))) ?? .none
  }

  /// Calls `body` for every pair of a table with the key at -2 and the value at -1, without metamethods.
  ///
  /// The body leaves the stack as it was and assigns nothing to the table: then `lua_next` cannot raise.
  public func forEachPair(of table: Int32, _ body: () throws -> Void) throws {
    let table = absolute(table), base = top
    try reserve(4)
    pushNil()
    while lua_next(pointer, table) != 0 {
      do { try body() } catch {
        top = base
        throw error
      }
      pop()
    }
  }

  /// Gives the table on top, which is removed, to the value at `index` as its metatable.
  public func setMetatable(of index: Int32) { lua_setmetatable(pointer, index) }

  /// Pushes the metatable of a value; false when it has none.
  public func pushMetatable(of index: Int32) -> Bool { lua_getmetatable(pointer, index) != 0 }

  // MARK: Pushing what needs no memory

  public func pushNil() { lua_pushnil(pointer) }
  public func push(_ value: Bool) { lua_pushboolean(pointer, value ? 1 : 0) }
  public func push(_ value: Int) { lua_pushinteger(pointer, Int64(value)) }
  public func push(_ value: Double) { lua_pushnumber(pointer, value) }
  public func pushCopy(of index: Int32) { lua_pushvalue(pointer, index) }

  // MARK: Places in Lua sources

  /// The innermost running line of Lua code, as `file.lua:12`.
  public func currentPlace(level: Int32 = 0) -> String? {
    place { yy_where(pointer, level, $0, $1, $2) }
  }

  /// Where the Lua function at `index` was written, as `file.lua:12`.
  public func placeOfFunction(at index: Int32) -> String? {
    place { yy_function_place(pointer, index, $0, $1, $2) }
  }

  private func place(
    _ ask: (UnsafeMutablePointer<CChar>?, Int, UnsafeMutablePointer<Int32>) -> Bool
  ) -> String? {
    var line: Int32 = 0
    let source = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer -> String? in
      guard let start = buffer.baseAddress, ask(start, buffer.count, &line) else { return nil }
      return String(cString: start)
    }
    return source.map { "\($0):\(line)" }
  }
}
