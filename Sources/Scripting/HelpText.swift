/// Documentation as plain text for a terminal of 80 columns.
public enum HelpText {
  static let width = 80

  public static func text(_ doc: FunctionDoc) -> String {
    var sections = [signature(doc)]
    if !doc.summary.isEmpty { sections.append(wrapped(doc.summary, indent: 0)) }
    if !doc.parameters.isEmpty { sections.append(rows(doc.parameters.flatMap(parameterRows))) }
    if !doc.results.isEmpty {
      let lines = rows(doc.results.map { Row(indent: 2, name: $0.name, type: $0.type, text: $0.summary) })
      sections.append("Returns\n" + lines)
    }
    if !doc.example.isEmpty {
      let lines = doc.example.split(separator: "\n", omittingEmptySubsequences: false)
      sections.append("Example\n" + lines.map { "  \($0)" }.joined(separator: "\n"))
    }
    return sections.joined(separator: "\n\n")
  }

  public static func text(_ doc: ClassDoc) -> String {
    var sections = ["class \(doc.name)", wrapped(doc.summary, indent: 0)]
    if !doc.properties.isEmpty {
      let lines = doc.properties.map { property in
        let note = property.isWritable ? " (may be set)" : ""
        return Row(indent: 2, name: property.name, type: property.type, text: property.summary + note)
      }
      sections.append("Properties\n" + rows(lines))
    }
    if !doc.methods.isEmpty { sections.append("Methods\n" + list(doc.methods)) }
    let operators = doc.operators.filter { !$0.summary.isEmpty }
    if !operators.isEmpty { sections.append("Operators\n" + rows(operators.map(operatorRow))) }
    return sections.joined(separator: "\n\n")
  }

  public static func text(_ doc: ModuleDoc) -> String {
    var sections = ["module \(doc.name)", wrapped(doc.summary, indent: 0)]
    let functions = (doc.call.map { [$0] } ?? []) + doc.functions
    if !functions.isEmpty { sections.append("Functions\n" + list(functions)) }
    if !doc.constants.isEmpty {
      let lines = doc.constants.map { Row(indent: 2, name: $0.name, type: $0.type, text: $0.summary) }
      sections.append("Constants\n" + rows(lines))
    }
    if !doc.classes.isEmpty {
      let lines = doc.classes.map { Row(indent: 2, name: $0.name, type: "", text: $0.summary) }
      sections.append("Classes\n" + rows(lines))
    }
    return sections.joined(separator: "\n\n")
  }

  public static func text(_ modules: [ModuleDoc]) -> String {
    let lines = modules.map { Row(indent: 2, name: $0.name, type: "", text: $0.summary) }
    return "Modules\n" + rows(lines)
      + "\n\nhelp(x) tells about a function, a method, an object, a module or a name."
  }

  /// Lua writes it as `nn.rms_norm(x, weight [, eps]) -> y`.
  public static func signature(_ doc: FunctionDoc) -> String {
    var text = "", depth = 0
    for (index, parameter) in doc.parameters.enumerated() {
      let name = parameter.isVariadic ? "..." : parameter.name
      let comma = index == 0 ? "" : ", "
      if parameter.isOptional && !parameter.isVariadic {
        text += index == 0 ? "[\(name)" : " [, \(name)"
        depth += 1
      } else {
        text += comma + name
      }
    }
    text += String(repeating: "]", count: depth)
    let owner = doc.owner.map { "\($0):" } ?? ""
    let results = doc.results.map(\.name).joined(separator: ", ")
    return "\(owner)\(doc.name)(\(text))" + (results.isEmpty ? "" : " -> \(results)")
  }

  // MARK: Rows

  struct Row {
    var indent: Int
    var name, type, text: String
  }

  private static func parameterRows(_ parameter: ParameterDoc) -> [Row] {
    let name = parameter.isVariadic ? "..." : parameter.name
    let text = parameter.summary + defaultNote(parameter.defaultText)
    return [Row(indent: 2, name: name, type: parameter.type, text: text)]
      + parameter.fields.flatMap { fieldRows($0, indent: 4) }
  }

  private static func fieldRows(_ field: FieldDoc, indent: Int) -> [Row] {
    let name =
      switch field.place {
      case .name: field.name
      case .element(let n): "[\(n)] \(field.name)"
      case .list: "[...] \(field.name)"
      }
    let text = field.summary + (field.isRequired ? " (required)" : defaultNote(field.defaultText))
    return [Row(indent: indent, name: name, type: field.type, text: text)]
      + (indent < 8 ? field.fields.flatMap { fieldRows($0, indent: indent + 2) } : [])
  }

  private static func operatorRow(_ doc: FunctionDoc) -> Row {
    Row(indent: 2, name: doc.name, type: doc.results.first?.type ?? "", text: doc.summary)
  }

  private static func defaultNote(_ text: String?) -> String { text.map { " (default \($0))" } ?? "" }

  private static func list(_ functions: [FunctionDoc]) -> String {
    functions.map { doc in
      "  \(signature(doc))\n\(wrapped(doc.summary, indent: 6))"
    }.joined(separator: "\n")
  }

  /// Names, types and texts in columns; a long name or type moves its text to the next line.
  static func rows(_ rows: [Row]) -> String {
    let nameEnd = min(rows.map { $0.indent + $0.name.count }.max() ?? 0, 26)
    let typeWidth = min(rows.map(\.type.count).max() ?? 0, 20)
    let start = nameEnd + 2 + (typeWidth > 0 ? typeWidth + 2 : 0)
    return rows.map { row in
      var head = String(repeating: " ", count: row.indent) + row.name
      if !row.type.isEmpty {
        head = padded(head, to: nameEnd) + "  " + row.type
      }
      if row.text.isEmpty { return head }
      let text = wrapped(row.text, indent: start)
      if head.count + 2 > start { return head + "\n" + text }
      return padded(head, to: start) + text.dropFirst(start)
    }.joined(separator: "\n")
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  static func wrapped(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = [], line = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if !line.isEmpty && indent + line.count + 1 + word.count > width {
        lines.append(margin + line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    if !line.isEmpty { lines.append(margin + line) }
    return lines.joined(separator: "\n")
  }
}
