import CLua
import CLuaShim

/// One Lua state and everything Swift knows of it.
///
/// Belongs to the thread that made it.
///
/// Objects and functions given to Lua live until Lua collects them or `close()` is called.
public final class Interpreter {
  let anchor = StateAnchor()
  var pressure = MemoryPressure()
  /// Metatables made so far.
  var classes: [ObjectIdentifier: any AnyLuaClass] = [:]
  /// For help: what the metatable, or the module's table, at an address describes.
  var classesByMetatable: [UInt: any AnyLuaClass] = [:]
  var modules: [UInt: LuaModule] = [:]
  var preloaded: [String: () -> LuaModule] = [:]
  /// Where `require` looks first, the last one added before the others.
  var searchFolders: [String] = []

  /// Finds the text of a chunk that is no file, such as a cell, by its Lua name; help reads comments there.
  public var sourceOfChunk: ((_ name: String) -> String?)?

  /// Where warnings of Lua go: errors in finalizers, and calls of `warn`.
  public var onWarning: (String) -> Void = { standardError("Lua warning: \($0)\n") }

  /// Bytes of Swift memory held by objects Lua knows; asked after each native call to press its collector.
  public var externalBytes: (() -> Int)? {
    get { pressure.bytes }
    set { pressure.bytes = newValue }
  }

  /// A fresh state with the standard libraries; `memoryLimit` bounds Lua's own memory, in bytes.
  public init(memoryLimit: Int = 0) throws {
    let context = Unmanaged.passUnretained(self).toOpaque()
    guard let pointer = yy_open(callbacks, context, memoryLimit) else {
      throw LuaError(kind: .memory, message: "not enough memory")
    }
    anchor.pointer = pointer
    yy_interrupt_install()
    try installHost()
  }

  deinit { close() }

  /// Ends the state: finalizers run, every Swift object is released.
  ///
  /// Answers how many were not (a leak: 0).
  @discardableResult public func close() -> Int {
    guard let pointer = anchor.pointer else { return 0 }
    precondition(!yy_is_running(pointer), "an interpreter is closed by code that it runs")
    let left = yy_close(pointer)
    anchor.pointer = nil
    return left
  }

  /// The thread that is running now; outside of calls the main one.
  public var state: LuaState {
    guard let pointer = anchor.pointer else { preconditionFailure("the interpreter is closed") }
    return LuaState(yy_running(pointer))
  }

  /// Objects, functions and references that Swift and Lua hold of each other.
  public var liveObjects: Int { (anchor.pointer.map { yy_live_objects($0) } ?? 0) + anchor.references }

  /// Bytes of Lua's own memory in use.
  public var usedBytes: Int { anchor.pointer.map { yy_used_bytes($0) } ?? 0 }

  /// Runs Lua's collector to the end, finalizers included.
  public func collectGarbage() {
    yy_collect(state.pointer)
    yy_collect(state.pointer)
  }

  /// Upper bound of Lua's own memory in bytes; 0 for none.
  public func limitMemory(to bytes: Int) { yy_set_memory_limit(state.pointer, bytes) }

  public var globals: LuaTable {
    get throws {
      try state.reserve(4)
      yy_push_globals(state.pointer)
      return LuaTable(try state.takeReference())
    }
  }

  /// Compiles a chunk.
  ///
  /// `name` is shown in messages as given: write `@file.lua` for a file, `=name` for other text.
  public func load(_ source: String, name: String) throws -> LuaCallback {
    try state.load(source.utf8, name: name)
    return LuaCallback(try state.takeReference())
  }

  /// Compiles and runs a chunk; answers the values it returned.
  ///
  /// - Throws: `LuaError`, or `Interrupted` when Ctrl-C stopped it.
  @discardableResult public func run(_ source: String, name: String = "=lua") throws -> [LuaAny] {
    try load(source, name: name).call([])
  }

  /// Keeps interrupts of this run apart from the next: use around several calls that are one run for the user.
  public func asOneRun<R>(_ body: () throws -> R) rethrows -> R {
    let pointer = state.pointer
    yy_run_begin(pointer)
    defer { _ = yy_run_end(pointer) }
    return try body()
  }

  /// For other threads: stops what this thread's interpreter runs, as Ctrl-C does.
  public func interruptHandle() -> InterruptHandle { InterruptHandle(thread: yy_this_thread()) }
}

/// Stops the Lua code of one thread from another one.
public struct InterruptHandle: Sendable {
  let thread: UInt
  public func interrupt() { yy_interrupt_thread(thread) }
}

/// What references hold instead of the interpreter, so that a reference kept by an object that Lua owns makes no cycle.
final class StateAnchor {
  var pointer: OpaquePointer?
  var references = 0
}
