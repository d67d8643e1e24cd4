import CLuaShim

/// Finds what is known of a Lua value: a function, a method, a module, a class, an instance or a name.
public enum Help {
  /// The text of `help(x)` for the value at `index`; nil when nothing is known of it.
  public static func text(_ state: LuaState, at index: Int32) throws -> String? {
    try state.reserve(20)
    let interpreter = state.interpreter
    switch state.kind(at: index) {
    case .none:
      return HelpText.text(
        interpreter.preloaded.keys.sorted().compactMap { interpreter.preloaded[$0]?().documentation })
    case .string:
      return try text(named: state.text(at: index) ?? "", interpreter)
    case .function:
      if let box = state.functionBox(at: index) { return box.documentation.map(HelpText.text) }
      return try LuaComments.documentation(state, ofFunctionAt: index).map(HelpText.text)
    case .table:
      if let module = interpreter.modules[state.address(at: index)] {
        return HelpText.text(module.documentation)
      }
      return try textOfTable(state, index)
    case .userdata:
      guard state.pushMetatable(of: index) else { return nil }
      defer { state.pop() }
      return interpreter.classesByMetatable[state.address(at: -1)].map { HelpText.text($0.documentation) }
    default: return nil
    }
  }

  /// A table without a declaration: its documented functions.
  private static func textOfTable(_ state: LuaState, _ index: Int32) throws -> String? {
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

  /// `tensor`, `yy.tensor.zeros`, `Tensor`, `Tensor:matmul`, `matmul`.
  private static func text(named name: String, _ interpreter: Interpreter) throws -> String? {
    var name = name
    for prefix in ["yuyan.", "yy."] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
    var names: [String: String] = [:]
    for module in interpreter.preloaded.values.map({ $0().documentation }) {
      let short = module.name.hasPrefix("yuyan.") ? String(module.name.dropFirst(6)) : module.name
      if short == name { return HelpText.text(module) }
      names[short] = ""
      for function in module.functions { names[function.name] = HelpText.text(function) }
      for type in module.classes {
        names[type.name] = HelpText.text(type)
        for method in type.methods { names["\(type.name):\(method.name)"] = HelpText.text(method) }
      }
    }
    if let text = names[name], !text.isEmpty { return text }
    let ends = names.keys.filter { $0.hasSuffix(".\(name)") || $0.hasSuffix(":\(name)") }.sorted()
    if ends.count == 1, let text = names[ends[0]] { return text }
    if !ends.isEmpty { return "'\(name)' is one of \(ends.joined(separator: ", "))" }
    return "nothing is known of '\(name)'" + ArgumentError.suggestion(for: name, among: Array(names.keys))
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
