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
    try preload("yuyan.host", pushing: Self.pushHostModule)
  }

  /// What the Lua files need of Swift.
  private static func pushHostModule(_ state: LuaState) throws {
    try state.pushTable(fields: 1)
    try state.pushFunction(named: "nearest") { state in
      let name = try String.read(state, at: 1)
      try nearest(to: name, among: [String].read(state, at: 2)).push(to: state)
      return 1
    }
    try state.rawSet("nearest", into: -2)
  }

  /// Sets the global `yy`: what `require "yuyan"` gives, from the folder that holds `yuyan/init.lua`.
  ///
  /// Preload the native modules first.
  public func openLibrary(in folder: String) throws {
    try addSearchFolder(folder)
    try globals.set("yy", to: require("yuyan"))
  }

  /// Makes `require(name)` give a native module.
  ///
  /// Nothing of it is built before that.
  public func preload(_ name: String, _ module: @escaping () -> LuaModule) throws {
    preloaded[name] = module
    try preload(name, pushing: { try module().push(to: $0) })
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
    searchFolders.insert(folder, at: 0)
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
