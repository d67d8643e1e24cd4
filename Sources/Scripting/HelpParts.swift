import Files

/// The parts of `yy` that are written in Lua: their names, the comments at the top of their files, their functions.
enum HelpParts {
  /// Whether the table at `index` is `yy` itself.
  static func isRoot(_ state: LuaState, _ index: Int32) throws -> Bool {
    let base = state.top
    defer { state.top = base }
    guard state.pushMetatable(of: index) else { return false }
    return try state.rawGet("__name", from: -1) == .string && state.text(at: -1) == "yuyan"
  }

  /// Such as "plot"; the list is that of `yy`.
  static func names(_ interpreter: Interpreter) throws -> [String] {
    guard let root = try? interpreter.require("yuyan"), root.kind == .table else { return [] }
    let state = interpreter.state
    let base = state.top
    defer { state.top = base }
    try state.reserve(10)
    try root.push(to: state)
    guard state.pushMetatable(of: -1), try state.rawGet("__methods", from: -1) == .table else { return [] }
    var names: [String] = []
    try state.forEachPair(of: -1) {
      if state.kind(at: -2) == .string, let name = state.text(at: -2) { names.append(name) }
    }
    return names.filter { interpreter.preloaded["yuyan." + $0] == nil }.sorted()
  }

  static func writtenInLua(_ interpreter: Interpreter) throws -> [ModuleDoc] {
    try names(interpreter).map { name in
      ModuleDoc(
        name: "yuyan." + name, summary: summary(of: name, interpreter), functions: [], constants: [],
        classes: [])
    }
  }

  /// The first sentence of the comment that opens the file.
  private static func summary(of name: String, _ interpreter: Interpreter) -> String {
    let paths = interpreter.searchFolders.map { "\($0)/yuyan/\(name).lua" }
    guard let path = paths.first(where: FileSystem.exists), let bytes = try? FileSystem.read(path) else {
      return ""
    }
    var words: [String] = []
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      guard line.hasPrefix("---") else { break }
      words.append(String(line.drop { $0 == "-" || $0 == " " }))
    }
    let text = words.joined(separator: " ")
    guard let end = text.firstRange(of: ". ") else { return text }
    return String(text[..<end.lowerBound]) + "."
  }

  /// `plot` or `plot.line`.
  static func text(named name: String, _ interpreter: Interpreter) throws -> String? {
    let path = name.split(separator: ".").map(String.init)
    guard let part = path.first, path.count <= 2, try names(interpreter).contains(part) else { return nil }
    let state = interpreter.state
    let base = state.top
    defer { state.top = base }
    try state.reserve(10)
    try interpreter.require("yuyan." + part).push(to: state)
    if path.count == 2 {
      guard state.kind(at: -1) == .table, try state.rawGet(path[1], from: -1) != .nil else { return nil }
    }
    if state.kind(at: -1) == .function {
      guard var doc = try LuaComments.documentation(state, ofFunctionAt: -1) else { return nil }
      doc.name = name
      return HelpText.text(doc)
    }
    guard let text = try Help.text(state, at: -1), path.count == 1 else { return nil }
    let summary = summary(of: part, interpreter)
    return "module yuyan.\(part)\n\n\(HelpText.wrapped(summary, indent: 0))\n\n\(text)"
  }
}
