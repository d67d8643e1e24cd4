import CLuaShim
import Files

/// Documentation of functions written in Lua: the LuaCATS comment above them is their declaration.
public enum LuaComments {
  /// What the comment above the Lua function at `index` says; nil when its source or a comment is missing.
  static func documentation(_ state: LuaState, ofFunctionAt index: Int32) throws -> FunctionDoc? {
    let base = state.top
    defer { state.top = base }
    try state.reserve(10)
    state.pushCopy(of: index)
    try state.check(yy_function_info(state.pointer))
    guard !state.boolean(at: -3), let chunk = state.text(at: -6), let line = state.integer(at: -5), line > 0,
      let source = text(of: chunk, state.interpreter)
    else { return nil }
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard line <= lines.count else { return nil }
    return documentation(above: line - 1, in: lines)
  }

  private static func text(of chunk: String, _ interpreter: Interpreter) -> String? {
    if let text = interpreter.sourceOfChunk?(chunk) { return text }
    guard chunk.hasPrefix("@"), let file = try? MappedFile(String(chunk.dropFirst())) else { return nil }
    return String(decoding: file.bytes, as: UTF8.self)
  }

  /// Reads the `---` lines directly above line `index` (counted from 0) of a source.
  public static func documentation(above index: Int, in lines: [String]) -> FunctionDoc? {
    var first = index
    while first > 0, trimmed(lines[first - 1]).hasPrefix("---") { first -= 1 }
    guard first < index else { return nil }
    var doc = FunctionDoc(name: functionName(trimmed(lines[index])), summary: "")
    var summary: [String] = []
    for line in lines[first..<index].map({ trimmed(String(trimmed($0).dropFirst(3))) }) {
      if line.hasPrefix("@param ") {
        if let parameter = parameter(String(line.dropFirst(7))) { doc.parameters.append(parameter) }
      } else if line.hasPrefix("@return ") {
        doc.results.append(result(String(line.dropFirst(8)), number: doc.results.count + 1))
      } else if line.hasPrefix("Example:") {
        doc.example = trimmed(String(line.dropFirst(8)), "`")
      } else if !line.hasPrefix("@"), !line.isEmpty {
        summary.append(line)
      }
    }
    doc.summary = summary.joined(separator: " ")
    return doc
  }

  private static func parameter(_ text: String) -> ParameterDoc? {
    var (name, rest) = word(text)
    let isOptional = name.hasSuffix("?")
    if isOptional { name.removeLast() }
    guard !name.isEmpty else { return nil }
    let (type, summary) = type(rest)
    var doc = ParameterDoc(name: name, summary: summary, type: type, isOptional: isOptional || name == "...")
    doc.isVariadic = name == "..."
    return doc
  }

  private static func result(_ text: String, number: Int) -> ResultDoc {
    let (type, rest) = type(text)
    let (name, summary) = word(rest)
    return ResultDoc(name: name.isEmpty ? "result\(number)" : name, summary: summary, type: type)
  }

  private static func word(_ text: String) -> (String, String) {
    let text = trimmed(text)
    guard let end = text.firstIndex(of: " ") else { return (text, "") }
    return (String(text[..<end]), trimmed(String(text[end...])))
  }

  /// A type reaches to the first space outside of brackets that does not follow a colon or a bar.
  private static func type(_ text: String) -> (String, String) {
    let text = trimmed(text)
    var depth = 0, before: Character = " "
    for index in text.indices {
      let c = text[index]
      if "({<[".contains(c) { depth += 1 }
      if ")}>]".contains(c) { depth -= 1 }
      if c == " " && depth == 0 && before != ":" && before != "|" {
        return (String(text[..<index]), trimmed(String(text[index...])))
      }
      before = c
    }
    return (text, "")
  }

  /// The name in `local function f(`, `function m.f(`, `m.f = function(`.
  private static func functionName(_ line: String) -> String {
    var line = line
    if line.hasPrefix("local ") { line = trimmed(String(line.dropFirst(6))) }
    if line.hasPrefix("function ") {
      return trimmed(String(line.dropFirst(9).prefix { $0 != "(" }))
    }
    return trimmed(String(line.prefix { $0 != "=" }))
  }

  private static func trimmed(_ text: String, _ characters: String = " \t\r") -> String {
    var text = Substring(text)
    while let first = text.first, characters.contains(first) || first == " " { text.removeFirst() }
    while let last = text.last, characters.contains(last) || last == " " { text.removeLast() }
    return String(text)
  }
}
