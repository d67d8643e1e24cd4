import CLuaShim
import Glibc

/// What Lua finds in a new interpreter beside its standard library.
extension Interpreter {
  func installHost() throws {
    let state = state
    try state.reserve(8)
    try state.pushFunction(named: "help") { try Help.run($0) }
    yy_push_globals(state.pointer)
    state.insert(at: -2)
    try state.rawSet("help", into: -2)
    state.pop()
  }

  /// Makes `require(name)` give a native module. Nothing of it is built before that.
  public func preload(_ name: String, _ module: @escaping () -> LuaModule) throws {
    try preload(name) { (state: LuaState) in try module().push(to: state) }
  }

  /// Makes `require(name)` give what `make` pushes.
  public func preload(_ name: String, pushing make: @escaping (LuaState) throws -> Void) throws {
    let package = try library("package")
    guard let preload = try package.get("preload", as: LuaTable.self) else { return }
    try preload.set(name) { state in
      try make(state)
      return 1
    }
  }

  /// Lets `require` find the Lua modules in a folder, before all others.
  public func addSearchFolder(_ folder: String) throws {
    let package = try library("package")
    let old = try package.get("path", as: String.self) ?? ""
    try package.set("path", to: "\(folder)/?.lua;\(folder)/?/init.lua;\(old)")
  }

  /// Calls `require(name)` and keeps the module.
  public func require(_ name: String) throws -> LuaAny {
    guard let require = try globals.get("require", as: LuaCallback.self) else { return .nil }
    return try require.call(name, returning: LuaAny.self)
  }

  private func library(_ name: String) throws -> LuaTable {
    guard let table = try globals.get(name, as: LuaTable.self) else {
      throw LuaError(message: "the global '\(name)' is gone")
    }
    return table
  }
}

/// Writes to descriptor 2, whatever became of the streams.
func standardError(_ text: String) {
  var text = text
  text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
}
