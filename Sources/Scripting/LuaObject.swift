import CLuaShim

/// A final Swift class whose instances Lua sees as objects, described by `luaClass`.
///
/// ```swift
/// extension Counter: LuaObject {
///   static let luaClass = LuaClass<Counter>("Counter", "Counts things.", [
///     .method("add", "Adds n.", Param<Int>("n", "how many", default: 1), example: "c:add(2)") { $0.add($1) },
///     .property("count", "How many were added.") { $0.count },
///   ])
/// }
/// ```
/// Lua holds the instance until its collector finds it unreachable, or until `:free()` if the class is closable.
public protocol LuaObject: AnyObject, LuaValue {
  static var luaClass: LuaClass<Self> { get }
}

extension LuaObject {
  public static var luaType: String { luaClass.name }

  static var classKey: UnsafeRawPointer? {
    UnsafeRawPointer(bitPattern: UInt(bitPattern: ObjectIdentifier(Self.self)))
  }

  public static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    yy_is_object(state.pointer, index, classKey)
  }

  public static func read(_ state: LuaState, at index: Int32) throws -> Self {
    guard accepts(state, at: index) else { throw state.mismatch(luaType, at: index) }
    guard let raw = yy_object(state.pointer, index) else {
      throw ValueFault(ArgumentError.expected(luaType, got: ArgumentError.freed(luaType)))
    }
    guard let object = Unmanaged<AnyObject>.fromOpaque(raw).takeUnretainedValue() as? Self else {
      preconditionFailure("the metatable of a class holds an object of another")
    }
    return object
  }

  public func push(to state: LuaState) throws {
    try state.reserve(8)
    try Self.luaClass.prepare(in: state)
    let retained = Unmanaged<AnyObject>.passRetained(self)
    let status = yy_push_object(state.pointer, Self.classKey, retained.toOpaque())
    if status != 0 {
      retained.release()
      try state.check(status)
    }
  }
}
