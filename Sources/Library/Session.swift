public import Scripting
import Stdlib
import Tensors

/// The Lua API of yuyan, put together.
public enum Library {
  /// The version of the program.
  public static let version = "0.1.0"

  /// The native modules: built when they are first required, so that the program starts at once.
  private static let parts: [(name: String, module: @Sendable () -> LuaModule)] = [
    ("tokenizer", { tokenizerModule }), ("data", { dataModule }), ("model", { modelModule }),
    ("train", { trainModule }), ("optim", { optimModule }), ("schedule", { scheduleModule }),
    ("eval", { evalModule }), ("tensor", { tensorModule }), ("json", { jsonModule }),
    ("files", { filesModule }),
    ("process", { processModule }), ("machine", { machineModule }),
  ]

  /// Every native module: the source of bindings, `help`, completion and editor annotations.
  static var modules: [LuaModule] { parts.map { $0.module() } }

  /// A fresh evaluator in which `yy`, `require "yuyan"` and `help` work.
  ///
  /// - Throws: `Stdlib.NotFound` when the Lua files are not where they should be.
  public static func makeSession() throws -> Evaluator {
    let interpreter = try Interpreter()
    let evaluator = try Evaluator(interpreter)
    try interpreter.addSearchFolder(try Stdlib.locate())
    for part in parts { try interpreter.preload("yuyan.\(part.name)", part.module) }
    interpreter.externalBytes = { StorageLedger.current.liveBytes }
    try interpreter.globals.set("yy", to: try interpreter.require("yuyan"))
    return evaluator
  }
}
