import CLua
import CLuaShim

/// Operations that may run a metamethod or need memory of Lua's. Each runs under `lua_pcall` in C and throws
/// what Lua raised, so that no Lua error ever crosses a Swift frame.
extension LuaState {
  /// Throws the error value on top unless the status is that of success.
  func check(_ status: Int32) throws {
    if status != LUA_OK { throw takeError(status) }
  }

  /// Removes the error value from the stack; `traced` says that a traceback was kept for it.
  func takeError(_ status: Int32, traced: Bool = false) -> any Error {
    if yy_is_interrupted(pointer) {
      yy_push_interrupt(pointer)
      let stopped = rawEqual(-1, -2)
      pop()
      if stopped {
        pop()
        return InterruptedRun.error
      }
    }
    var traceback = ""
    if traced && status != LUA_ERRMEM {
      yy_push_traceback(pointer)
      traceback = text(at: -1) ?? ""
      pop()
    }
    let kind: LuaError.Kind =
      switch status {
      case LUA_ERRMEM: .memory
      case LUA_ERRSYNTAX: .syntax
      default: .runtime
      }
    let message = errorMessage(at: -1)
    let value: LuaAny? = kind == .memory ? nil : try? LuaAny.read(self, at: -1)
    pop()
    return LuaError(kind: kind, message: message, value: value, traceback: traceback)
  }

  /// What to print for an error value, as the stand-alone interpreter does.
  func errorMessage(at index: Int32) -> String {
    if let text = text(at: index) { return text }
    if (try? hasMetaField("__tostring", at: index)) == true, let text = try? description(at: index) {
      return text
    }
    switch kind(at: index) {
    case .nil, .boolean, .number: return (try? description(at: index)) ?? "nil"
    case let kind: return "(error object is a \(kind.name) value)"
    }
  }

  /// Calls the function below `arguments` values; they are replaced by `results` values (-1: all).
  public func call(arguments: Int32, results: Int32) throws {
    yy_run_begin(pointer)
    defer { _ = yy_run_end(pointer) }
    let status = yy_call(pointer, arguments, results)
    if status != LUA_OK { throw takeError(status, traced: true) }
  }

  /// Compiles a text chunk and pushes its function; a syntax error has kind `.syntax`.
  public func load(_ source: some Sequence<UInt8>, name: String) throws {
    try reserve(4)
    let bytes = Array(source)
    let status = bytes.withUnsafeBytes { buffer in
      yy_load(pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, name)
    }
    try check(status)
  }

  public func push(bytes: UnsafeRawBufferPointer) throws {
    try check(yy_push_bytes(pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count))
  }

  public func push(_ text: String) throws {
    var text = text
    try text.withUTF8 { try push(bytes: UnsafeRawBufferPointer($0)) }
  }

  public func pushTable(array: Int = 0, fields: Int = 0) throws {
    try check(yy_new_table(pointer, Int32(clamping: array), Int32(clamping: fields)))
  }

  /// Replaces the key on top by `table[key]`, with metamethods.
  public func get(from table: Int32) throws {
    pushCopy(of: table)
    insert(at: -2)
    try check(yy_get(pointer))
  }

  /// Pushes `table[name]`, with metamethods; answers its type.
  @discardableResult public func get(_ name: String, from table: Int32) throws -> Kind {
    let table = absolute(table)
    try push(name)
    try get(from: table)
    return kind(at: -1)
  }

  /// Pushes `table[name]` without metamethods; answers its type.
  @discardableResult public func rawGet(_ name: String, from table: Int32) throws -> Kind {
    let table = absolute(table)
    try push(name)
    return rawGet(from: table)
  }

  /// `table[key] = value` for the key and value on top, which are removed; with metamethods.
  public func set(into table: Int32) throws {
    pushCopy(of: table)
    insert(at: -3)
    try check(yy_set(pointer))
  }

  /// `table[key] = value` for the key and value on top, which are removed; without metamethods.
  public func rawSet(into table: Int32) throws {
    pushCopy(of: table)
    insert(at: -3)
    try check(yy_raw_set(pointer))
  }

  /// `table[name] = value` for the value on top, which is removed; without metamethods.
  public func rawSet(_ name: String, into table: Int32) throws {
    let table = absolute(table)
    try push(name)
    insert(at: -2)
    try rawSet(into: table)
  }

  /// `table[n] = value` for the value on top, which is removed; without metamethods.
  public func rawSet(_ n: Int, into table: Int32) throws {
    let table = absolute(table)
    push(n)
    insert(at: -2)
    try rawSet(into: table)
  }

  /// Replaces the values on top by their concatenation.
  public func concatenate(_ count: Int32) throws { try check(yy_concat(pointer, count)) }

  public func equal(_ a: Int32, _ b: Int32) throws -> Bool { try compare(a, b, LUA_OPEQ) }
  public func less(_ a: Int32, _ b: Int32) throws -> Bool { try compare(a, b, LUA_OPLT) }

  private func compare(_ a: Int32, _ b: Int32, _ operation: Int32) throws -> Bool {
    let (a, b) = (absolute(a), absolute(b))
    pushCopy(of: a)
    pushCopy(of: b)
    try check(yy_compare(pointer, operation))
    defer { pop() }
    return boolean(at: -1)
  }

  /// `#value`, with metamethods.
  public func length(at index: Int32) throws -> Int {
    pushCopy(of: index)
    try check(yy_length(pointer))
    defer { pop() }
    return integer(at: -1) ?? 0
  }

  /// What `tostring(value)` gives, by the value's own `__tostring`.
  public func description(at index: Int32) throws -> String {
    try pushDescription(of: index)
    defer { pop() }
    return text(at: -1) ?? ""
  }

  /// Pushes what `tostring(value)` gives, whatever the global `tostring` is now.
  public func pushDescription(of index: Int32) throws {
    pushCopy(of: index)
    try check(yy_tostring(pointer))
  }

  /// Pushes a field of the value's metatable, or nil; answers its type.
  @discardableResult public func pushMetaField(_ name: String, at index: Int32) throws -> Kind {
    pushCopy(of: index)
    try check(yy_meta_field(pointer, name))
    return kind(at: -1)
  }

  public func hasMetaField(_ name: String, at index: Int32) throws -> Bool {
    defer { pop() }
    return try pushMetaField(name, at: index) != .nil
  }
}
