import CLuaShim

/// Finds what is known of a Lua value: a function, a method, a module, a class, an instance or a name.
public enum Help {
  /// The text of `help(x)` for the value at `index`; nil when nothing is known of it.
  public static func text(_ state: LuaState, at index: Int32) throws -> String? {
    try state.reserve(20)
    let interpreter = state.interpreter
    switch state.kind(at: index) {
    case .none: return try overview(interpreter)
    case .string:
      let name = state.text(at: index) ?? ""
      return try text(named: name, in: interpreter) ?? unknown(name, in: interpreter)
    case .function:
      if let box = state.functionBox(at: index) { return box.documentation.map(HelpText.text) }
      return try LuaComments.documentation(state, ofFunctionAt: index).map(HelpText.text)
    case .table:
      if let module = interpreter.modules[state.address(at: index)] {
        return HelpText.text(module.documentation)
      }
      return try HelpParts.isRoot(state, index) ? overview(interpreter) : textOfTable(state, index)
    case .userdata:
      guard state.pushMetatable(of: index) else { return nil }
      defer { state.pop() }
      return interpreter.classesByMetatable[state.address(at: -1)].map { HelpText.text($0.documentation) }
    default: return nil
    }
  }

  /// A table without a declaration: its documented functions.
  static func textOfTable(_ state: LuaState, _ index: Int32) throws -> String? {
    let index = state.absolute(index)
    var docs: [FunctionDoc] = []
    try state.forEachPair(of: index) {
      guard state.kind(at: -2) == .string, state.kind(at: -1) == .function, let name = state.text(at: -2)
      else { return }
      let known = state.functionBox(at: -1)?.documentation
      if var doc = try known ?? LuaComments.documentation(state, ofFunctionAt: -1) {
        doc.name = name
        docs.append(doc)
      }
    }
    guard !docs.isEmpty else { return nil }
    docs.sort { $0.name < $1.name }
    return docs.map { "\(HelpText.signature($0))\n\(HelpText.wrapped($0.summary, indent: 4))" }.joined(
      separator: "\n")
  }

  /// Everything there is: the native modules, those written in Lua, and how to go on.
  static func overview(_ interpreter: Interpreter) throws -> String {
    let native = interpreter.preloaded.values.map { $0().documentation }
    let parts = try native + HelpParts.writtenInLua(interpreter)
    return HelpText.text(parts.sorted { $0.name < $1.name })
  }

  /// The text for a name: `tensor`, `yy.tensor.zeros`, `Tensor`, `Tensor:matmul`, `matmul`, `plot.line`.
  ///
  /// - Returns: nil when nothing is known of it.
  public static func text(named name: String, in interpreter: Interpreter) throws -> String? {
    let name = short(name)
    if ["yy", "yuyan", "help"].contains(name) { return try overview(interpreter) }
    let names = names(interpreter)
    if let text = names[name], !text.isEmpty { return text }
    if let text = try HelpParts.text(named: name, interpreter) { return text }
    let ends = names.keys.filter { $0.hasSuffix(".\(name)") || $0.hasSuffix(":\(name)") }.sorted()
    if ends.count == 1, let text = names[ends[0]] { return text }
    return ends.isEmpty ? nil : "'\(name)' is one of \(ends.joined(separator: ", "))"
  }

  /// What to say of a name that means nothing, with the nearest one.
  public static func unknown(_ name: String, in interpreter: Interpreter) -> String {
    let name = short(name)
    let known = Array(names(interpreter).keys) + ((try? HelpParts.names(interpreter)) ?? [])
    return "nothing is known of '\(name)'" + ArgumentError.suggestion(for: name, among: known)
  }

  private static func short(_ name: String) -> String {
    for prefix in ["yuyan.", "yy."] where name.hasPrefix(prefix) {
      return String(name.dropFirst(prefix.count))
    }
    return name
  }

  /// Names of the native parts and their texts.
  private static func names(_ interpreter: Interpreter) -> [String: String] {
    var names: [String: String] = [:]
    for module in interpreter.preloaded.values.map({ $0().documentation }) {
      let short = module.name.hasPrefix("yuyan.") ? String(module.name.dropFirst(6)) : module.name
      names[short] = HelpText.text(module)
      for function in module.functions { names[function.name] = HelpText.text(function) }
      for type in module.classes {
        names[type.name] = HelpText.text(type)
        for method in type.methods { names["\(type.name):\(method.name)"] = HelpText.text(method) }
      }
    }
    return names
  }

  /// The global function `help`: prints through the current `print`, so that the text goes where output goes.
  static func run(_ state: LuaState) throws -> Int32 {
    let text = try text(state, at: 1) ?? "nothing is known of this \(state.typeName(at: 1))"
    yy_push_globals(state.pointer)
    guard try state.rawGet("print", from: -1) == .function else { return 0 }
    try state.push(text)
    try state.call(arguments: 1, results: 0)
    return 0
  }
}
