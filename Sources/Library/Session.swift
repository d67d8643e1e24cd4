public import Scripting
import Stdlib
import Tensors

/// The Lua API of yuyan, put together.
public enum Library {
  /// The version of the program.
  public static let version = "0.1.0"

  /// Every native module: the source of bindings, `help`, completion and editor annotations.
  static var modules: [LuaModule] {
    [
      tokenizerModule, dataModule, modelModule, trainModule, optimModule, scheduleModule, evalModule, tensorModule,
      jsonModule, filesModule, processModule,
    ]
  }

  /// A fresh evaluator in which `yy`, `require "yuyan"` and `help` work.
  ///
  /// - Throws: `Stdlib.NotFound` when the Lua files are not where they should be.
  public static func makeSession() throws -> Evaluator {
    let interpreter = try Interpreter()
    let evaluator = try Evaluator(interpreter)
    try interpreter.addSearchFolder(try Stdlib.locate())
    try preloadModules(in: interpreter)
    interpreter.externalBytes = { StorageLedger.current.liveBytes }
    try interpreter.globals.set("yy", to: try interpreter.require("yuyan"))
    return evaluator
  }

  /// Native modules, built when they are first required.
  static func preloadModules(in interpreter: Interpreter) throws {
    try interpreter.preload("yuyan.tokenizer") { tokenizerModule }
    try interpreter.preload("yuyan.data") { dataModule }
    try interpreter.preload("yuyan.model") { modelModule }
    try interpreter.preload("yuyan.train") { trainModule }
    try interpreter.preload("yuyan.optim") { optimModule }
    try interpreter.preload("yuyan.schedule") { scheduleModule }
    try interpreter.preload("yuyan.eval") { evalModule }
    try interpreter.preload("yuyan.tensor") { tensorModule }
    try interpreter.preload("yuyan.json") { jsonModule }
    try interpreter.preload("yuyan.files") { filesModule }
    try interpreter.preload("yuyan.process") { processModule }
  }
}
