/// Declarations as LuaCATS definition files, which lua-language-server reads for completion and checks.
public enum Annotations {
  /// The text of `stdlib/meta/yuyan/<module>.lua`.
  public static func text(_ module: ModuleDoc) -> String {
    var written: Set<String> = []
    let name = module.name.split(separator: ".").last.map(String.init) ?? module.name
    let functions = module.functions + (module.call.map { [$0] } ?? [])
    let all = functions + module.classes.flatMap(\.methods)
    var blocks = ["---@meta \(module.name)\n\(origin)"]
    for function in all {
      for parameter in function.parameters {
        options(parameter.optionsName, parameter.fields, &written, &blocks)
      }
    }
    blocks += module.classes.flatMap(text)
    var head = "---\(module.summary)\n"
    if let call = module.call { head += "---@overload \(overload(call))\n" }
    for constant in module.constants {
      head += "---@field \(constant.name) \(constant.type) \(constant.summary)\n"
    }
    blocks.append(head + "local \(name) = {}")
    blocks += module.functions.map { text($0, owner: name, separator: ".") }
    blocks.append("return \(name)\n")
    return blocks.joined(separator: "\n\n")
  }

  private static let origin = "-- Written from the declarations by `RECORD=1 scripts/test`."

  /// The text of `stdlib/meta/yuyan/init.lua`: what `require "yuyan"` and the global `yy` hold.
  public static func root(_ modules: [ModuleDoc], writtenInLua parts: [String]) -> String {
    let names = (modules.map(\.name) + parts.map { "yuyan.\($0)" }).sorted()
    let fields = names.map { "yy.\($0.dropFirst(6)) = require \"\($0)\"" }
    return (["---@meta yuyan", origin, "", "yy = {}"] + fields).joined(separator: "\n") + """


      ---Prints what is known of a function, a method, an object, a module or a name.
      ---@param x? any
      function help(x) end

      return yy

      """
  }

  private static func text(_ type: ClassDoc) -> [String] {
    var head = "---\(type.summary)\n---@class \(type.name)\n"
    for property in type.properties {
      head += "---@field \(property.name) \(property.type) \(property.summary)\n"
    }
    for line in type.operators.compactMap({ operatorLine($0, type.name) }) { head += line + "\n" }
    return [head + "local \(type.name) = {}"]
      + type.methods.map { text($0, owner: type.name, separator: ":") }
  }

  private static func text(_ doc: FunctionDoc, owner: String, separator: String) -> String {
    var lines = ["---\(doc.summary)"]
    if !doc.example.isEmpty {
      let example = doc.example.split(separator: "\n", omittingEmptySubsequences: false).map { "---\($0)" }
      lines += ["---```lua"] + example + ["---```"]
    }
    for parameter in doc.parameters {
      let name = parameter.isVariadic ? "..." : parameter.name + (parameter.isOptional ? "?" : "")
      let note = parameter.defaultText.map { " (default \($0))" } ?? ""
      lines.append("---@param \(name) \(parameter.type) \(parameter.summary)\(note)")
    }
    for result in doc.results { lines.append("---@return \(result.type) \(result.name) \(result.summary)") }
    let short = doc.name.split(separator: ".").last.map(String.init) ?? doc.name
    let names = doc.parameters.map { $0.isVariadic ? "..." : $0.name }.joined(separator: ", ")
    lines.append("function \(owner)\(separator)\(short)(\(names)) end")
    return lines.joined(separator: "\n")
  }

  /// The class of an options table, nested ones first; each is written once.
  private static func options(
    _ name: String?, _ fields: [FieldDoc], _ written: inout Set<String>, _ blocks: inout [String]
  ) {
    // A list of tables, or a table beside other types: `boolean|ResumeOptions`.
    guard let name = name?.split(separator: "|").last else { return }
    let element = String(name.hasSuffix("[]") ? name.dropLast(2) : name)
    guard LuaText.isName(element), written.insert(element).inserted else { return }
    for field in fields { options(field.optionsName, field.fields, &written, &blocks) }
    let lines = fields.map { field in
      let optional = field.isRequired || field.place == .list ? "" : "?"
      let note = field.defaultText.map { " (default \($0))" } ?? ""
      return switch field.place {
      case .name: "---@field \(field.name)\(optional) \(field.type) \(field.summary)\(note)"
      case .element(let n): "---@field [\(n)] \(field.type) \(field.summary)\(note)"
      case .list:
        "---@field [integer] \(field.type.hasSuffix("[]") ? String(field.type.dropLast(2)) : field.type) \(field.summary)"
      }
    }
    blocks.append((["---@class \(element)"] + lines).joined(separator: "\n"))
  }

  private static func overload(_ doc: FunctionDoc) -> String {
    let parameters = doc.parameters.map {
      ($0.isVariadic ? "..." : $0.name + ($0.isOptional ? "?" : "")) + ": " + $0.type
    }
    let results = doc.results.map(\.type).joined(separator: ", ")
    return "fun(\(parameters.joined(separator: ", ")))" + (results.isEmpty ? "" : ": \(results)")
  }

  private static func operatorLine(_ doc: FunctionDoc, _ type: String) -> String? {
    switch doc.name {
    case "__len": "---@operator len: integer"
    case "__unm": "---@operator unm: \(type)"
    case "__call": "---@overload \(overload(doc))"
    case "__index": "---@field [integer] \(doc.results.first?.type ?? "any") \(doc.summary)"
    case "__add", "__sub", "__mul", "__div", "__pow", "__mod", "__idiv", "__concat":
      "---@operator \(doc.name.dropFirst(2)): \(type)"
    default: nil
    }
  }
}
