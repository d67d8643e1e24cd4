import CLua
import CLuaShim

/// Runs inputs, cells and scripts one after the other in one session: the same evaluator behind the REPL, notebooks and
/// scripts.
///
/// Top-level locals of an input stay alive as session variables (see `CellProgram`); the values of a last expression
/// come back to be shown. Belongs to the thread of its interpreter.
public final class Evaluator {
  public let interpreter: Interpreter
  /// Where output and displays of running code go; nil leaves the standard streams to Lua.
  public private(set) var sink: (any OutputSink)?

  /// Session variables; the value says whether one is constant.
  private var known: [String: Bool] = [:]
  private let sources = SourceShelf()
  private let prelude: LuaReference

  public init(_ interpreter: Interpreter) throws {
    self.interpreter = interpreter
    let state = interpreter.state
    let bootstrap = "return load(string.dump(load(..., '\(EvaluatorPrelude.chunkName)'), true))()"
    try state.load(bootstrap.utf8, name: EvaluatorPrelude.chunkName)
    try state.push(EvaluatorPrelude.source)
    try state.call(arguments: 1, results: 1)
    prelude = try state.takeReference()
    // Help reads the comments above functions that cells define; their chunks are named "=cell 3".
    interpreter.sourceOfChunk = { [sources] name in
      name.hasPrefix("=") ? sources[String(name.dropFirst())] : nil
    }
  }

  /// Sends what running code prints to `sink`; called once, before any user's code.
  public func capture(into sink: any OutputSink) throws {
    self.sink = sink
    let state = interpreter.state
    try pushPrelude("capture")
    try state.pushFunction(named: "emit") { [weak sink] state in
      let stream: OutputStream = state.integer(at: 1) == 2 ? .error : .output
      state.withBytes(at: 2) { sink?.write(Array($0), to: stream) }
      return 0
    }
    try state.call(arguments: 1, results: 0)
  }

  /// Shows a value of the program itself, such as a picture, at this point of the output.
  public func display(_ display: DisplayData) { sink?.display(display) }

  // MARK: Running

  /// Runs one input or cell; `name` stands before line numbers in messages ("cell 3").
  ///
  /// - Returns: what the last expression is worth showing, or nil.
  /// - Throws: `EvaluationFailure`.
  @discardableResult
  public func evaluate(_ source: String, name: String, arguments: [String] = []) throws -> DisplayData? {
    sources[name] = source
    let state = interpreter.state
    let base = state.top
    defer { state.top = base }
    // What follows a run that was interrupted is not a part of it: its hook would stop that as well.
    do {
      let shown = try interpreter.asOneRun {
        let program = CellRewriter.program(for: source) { known[$0] }
        try run(program, name: name, arguments: arguments)
        return program.shows && state.top > base ? try bundle(from: base) : nil
      }
      noteDeclarations()
      return shown
    } catch {
      state.top = base
      noteDeclarations()
      throw failure(error, name: name)
    }
  }

  /// Leaves the values that the cell returned on the stack.
  private func run(_ program: CellProgram, name: String, arguments: [String]) throws {
    let state = interpreter.state
    do {
      do { try state.load(program.plain, name: "=" + name) } catch let error as LuaError
        where error.kind == .syntax && program.pieces.isEmpty
      {
        throw SyntaxFault.clearer(error, of: program.plain, name: name, state)
      }
    } catch let error as LuaError where program.pieces.count > 1 && error.message.contains("too many local") {
      state.pushNil()
    }
    guard !program.pieces.isEmpty else {
      for argument in arguments { try state.push(argument) }
      return try state.call(arguments: Int32(arguments.count), results: LUA_MULTRET)
    }
    state.pop()
    try state.reserve(program.pieces.count + arguments.count + 8)
    let first = state.top + 1
    for piece in program.pieces { try state.load(piece.source, name: "=" + name) }
    for (index, piece) in program.pieces.enumerated() {
      try pushPrelude("link")
      state.pushCopy(of: first + Int32(index))
      state.push(piece.overflows)
      try state.call(arguments: 2, results: 1)
      for argument in arguments { try state.push(argument) }
      let start = state.top - Int32(arguments.count)
      try state.call(arguments: Int32(arguments.count), results: LUA_MULTRET)
      let isLast = index == program.pieces.count - 1
      let goesOn = try !isLast && state.top >= start && isMore(at: start)
      if !goesOn {
        for _ in program.pieces { state.remove(at: first) }
        return
      }
      state.top = start - 1
    }
  }

  private func isMore(at index: Int32) throws -> Bool {
    let state = interpreter.state
    let index = state.absolute(index)
    try pushPrelude("is_more")
    state.pushCopy(of: index)
    try state.call(arguments: 1, results: 1)
    defer { state.pop() }
    return state.boolean(at: -1)
  }

  /// Runs a script file as one plain chunk.
  ///
  /// `path` "-" stands for standard input.
  public func runScript(_ source: [UInt8], path: String, arguments: [String]) throws {
    let name = path == "-" ? "stdin" : path
    let state = interpreter.state
    let base = state.top
    defer { state.top = base }
    do {
      try interpreter.asOneRun {
        var bytes = source.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(source.dropFirst(3)) : source
        if bytes.first == UInt8(ascii: "#") {
          bytes = Array(bytes[(bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex)...])
        }
        try setArguments(path: path, arguments)
        try state.reserve(arguments.count + 8)
        try state.load(bytes, name: path == "-" ? "=stdin" : "@" + path)
        for argument in arguments { try state.push(argument) }
        try state.call(arguments: Int32(arguments.count), results: 0)
      }
    } catch {
      state.top = base
      sources[name] = String(decoding: source, as: UTF8.self)
      throw failure(error, name: name)
    }
  }

  /// The global `arg`: the script at 0, its arguments from 1 on.
  public func setArguments(path: String, _ arguments: [String]) throws {
    let state = interpreter.state
    yy_push_globals(state.pointer)
    defer { state.pop() }
    try state.pushTable(array: arguments.count, fields: 1)
    for (number, argument) in ([path] + arguments).enumerated() {
      try state.push(argument)
      try state.rawSet(number, into: -2)
    }
    try state.rawSet("arg", into: -2)
  }

  /// Ends the session: closes `<close>` variables, the last first; the messages of those that failed come back.
  public func finish() -> [String] {
    let text = (try? ask("close")) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  // MARK: Asking the session

  /// Global and session names, sorted.
  public var names: [String] { lines((try? ask("names")) ?? "") }

  /// The fields and methods behind a path such as `yy.data`; no code of the user runs.
  public func fields(of path: String) -> [String] { lines((try? ask("fields", path)) ?? "") }

  private func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

  func pushPrelude(_ function: String) throws {
    let state = interpreter.state
    try state.reserve(8)
    try prelude.push(to: state)
    try state.rawGet(function, from: -1)
    state.remove(at: -2)
  }

  private func ask(_ function: String, _ argument: String = "") throws -> String {
    let state = interpreter.state
    try pushPrelude(function)
    try state.push(argument)
    try state.call(arguments: 1, results: 1)
    defer { state.pop() }
    return state.text(at: -1) ?? ""
  }

  private func noteDeclarations() {
    for name in lines((try? ask("fresh")) ?? "") {
      let isConstant = name.hasSuffix("!")
      known[isConstant ? String(name.dropLast()) : name] = isConstant
    }
  }

  /// The values above `base`, as they are shown.
  private func bundle(from base: Int32) throws -> DisplayData {
    let state = interpreter.state
    let count = state.top - base
    try pushPrelude("bundle")
    state.insert(at: base + 1)
    try state.call(arguments: count, results: 1)
    defer { state.pop() }
    var texts: [String] = []
    for number in 1...max(1, state.rawLength(at: -1)) {
      state.rawGet(number, from: -1)
      let text = state.withBytes(at: -1) { DisplayData.text(of: $0, mime: texts.last ?? "") } ?? ""
      texts.append(text)
      state.pop()
    }
    return DisplayData(pairs: texts)
  }

  func failure(_ error: any Error, name: String) -> EvaluationFailure {
    var value: String?
    if let error = error as? LuaError, error.value?.kind == .table, error.message.hasPrefix("(error object") {
      value = try? shown(error.value)
      // Without the library's pretty printer there is only an address, which tells nothing.
      if value?.hasPrefix("table: ") == true { value = nil }
    }
    return EvaluationFailure(error, chunk: name, sources: sources, names: names, value: value)
  }

  /// A value as the prompt prints it.
  private func shown(_ value: LuaAny?) throws -> String? {
    let state = interpreter.state
    try pushPrelude("shown")
    try (value ?? .nil).push(to: state)
    try state.call(arguments: 1, results: 1)
    defer { state.pop() }
    return state.text(at: -1)
  }
}
