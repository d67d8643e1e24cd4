import CLua
import CLuaShim

/// A Lua value that Swift keeps: a table, a function, an object, a coroutine.
///
/// Belongs to the thread of its interpreter. Once that is closed every use throws.
public final class LuaReference {
  private let anchor: StateAnchor
  private let key: Int32
  /// The type of the value.
  public let kind: LuaState.Kind

  fileprivate init(anchor: StateAnchor, key: Int32, kind: LuaState.Kind) {
    self.anchor = anchor
    self.key = key
    self.kind = kind
    anchor.references += 1
  }

  deinit {
    anchor.references -= 1
    if let pointer = anchor.pointer { yy_release_reference(yy_running(pointer), key) }
  }

  /// The thread that runs now, with room for a few values.
  public func state() throws -> LuaState {
    guard let pointer = anchor.pointer else {
      throw LuaError(kind: .runtime, message: "the Lua state of this value has been closed")
    }
    let state = LuaState(yy_running(pointer))
    try state.reserve(8)
    return state
  }

  /// Pushes the value onto a thread of its interpreter.
  public func push(to state: LuaState) throws {
    try state.reserve(2)
    yy_push_reference(state.pointer, key)
  }

  /// What `tostring` gives for the value.
  public func text() throws -> String {
    let state = try state()
    try push(to: state)
    defer { state.pop() }
    return try state.description(at: -1)
  }
}

extension LuaState {
  /// Removes the value on top and keeps it for Swift.
  public func takeReference() throws -> LuaReference {
    let kind = kind(at: -1)
    try check(yy_reference(pointer))
    defer { pop() }
    guard let key = integer(at: -1) else { preconditionFailure("luaL_ref gave no key") }
    return LuaReference(anchor: interpreter.anchor, key: Int32(key), kind: kind)
  }

  /// Keeps the value at `index` for Swift.
  public func reference(at index: Int32) throws -> LuaReference {
    try reserve(4)
    pushCopy(of: index)
    return try takeReference()
  }
}

extension LuaReference: LuaValue {
  public static var luaType: String { "any" }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { !state.isNil(at: index) }
  public static func read(_ state: LuaState, at index: Int32) throws -> LuaReference {
    guard !state.isNil(at: index) else { throw state.mismatch("value", at: index) }
    return try state.reference(at: index)
  }
}
