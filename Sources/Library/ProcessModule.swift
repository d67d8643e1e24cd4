import Processes
import Scripting

let processModule = LuaModule(
  "yuyan.process", "Other programs.",
  [
    LuaFunction(
      "run", "Runs a program to its end; Ctrl-C ends it too.",
      Param<String>("program", "a name on the PATH, or a path"),
      Param<[String]>("arguments", "one string each"),
      Param<ProcessChoices>("options", "its input and how long it may take"),
      returns: Returns<ProcessResult>("result", "a table of status, output and errors"),
      example: "yy.process.run('echo', { 'hello' }).output  --> hello"
    ) { program, arguments, options in try options.run(program, arguments) },
    LuaFunction(
      "find", "Finds a program on the PATH.", Param<String>("program", "its name"),
      returns: Returns<String?>("path", "nil when there is none"), example: "yy.process.find('gnuplot')"
    ) { program in ChildProcess.find(program) },
  ])

struct ProcessChoices: LuaOptions {
  var input: LuaBytes?
  var timeout: Double?
  static let luaName = "ProcessOptions"
  static let fields = [
    Field("input", "what its standard input holds", \Self.input),
    Field("timeout", "seconds until it is ended", \Self.timeout),
  ]

  func run(_ program: String, _ arguments: [String]) throws -> ProcessResult {
    ProcessResult(result: try ChildProcess.run(program, arguments, input: input?.bytes, timeout: timeout))
  }
}

/// How a program ended, as a table.
struct ProcessResult: LuaValue {
  let result: ChildProcess.Result
  static var luaType: String { "table" }
  static func read(_ state: LuaState, at index: Int32) throws -> ProcessResult {
    throw state.mismatch("the result of a program", at: index)
  }
  func push(to state: LuaState) throws {
    let table = try LuaTable(in: state)
    try table.set("status", to: Int(result.status))
    try table.set("output", to: LuaBytes(result.output))
    try table.set("errors", to: LuaBytes(result.errorOutput))
    try table.push(to: state)
  }
}
