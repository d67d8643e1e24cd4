import Files
import OrderedCollections

/// The YAML block at the top of a percent script: `-- ---`, the notebook's metadata below `jupyter:`, `-- ---`.
///
/// Of YAML it holds what jupytext writes there: nested maps with two spaces a level, and scalars.
enum PercentHeader {
  struct Block {
    var metadata: OrderedDictionary<String, JSON>
    /// Other fields, which become a leading raw cell.
    var raw: String?
    /// The first line after the block.
    var end: Int
  }

  static func read(_ lines: ArraySlice<String>) -> Block? {
    guard lines.first == "-- ---", let close = lines.dropFirst().firstIndex(of: "-- ---") else { return nil }
    var jupyter: [String] = []
    var others: [String] = []
    var isJupyter = false
    for line in lines[(lines.startIndex + 1)..<close] {
      guard line.hasPrefix("--") else { return nil }
      let text = line.hasPrefix("-- ") ? String(line.dropFirst(3)) : String(line.dropFirst(2))
      if !text.hasPrefix(" ") { isJupyter = text == "jupyter:" }
      if !isJupyter {
        others.append(text)
      } else if text != "jupyter:" {
        jupyter.append(text)
      }
    }
    var rest = jupyter[...]
    let metadata = map(&rest, indent: 2)
    let raw = others.isEmpty ? nil : "---\n\(others.joined(separator: "\n"))\n---"
    return Block(metadata: metadata, raw: raw, end: close + 1)
  }

  private static func map(_ lines: inout ArraySlice<String>, indent: Int) -> OrderedDictionary<String, JSON> {
    var fields: OrderedDictionary<String, JSON> = [:]
    while let line = lines.first, line.prefix(while: { $0 == " " }).count == indent {
      lines = lines.dropFirst()
      guard let colon = line.firstIndex(of: ":") else { continue }
      let key = String(line[..<colon]).trimmingSpaces
      let value = String(line[line.index(after: colon)...]).trimmingSpaces
      fields[key] = value.isEmpty ? .object(map(&lines, indent: indent + 2)) : scalar(value)
    }
    return fields
  }

  private static func scalar(_ text: String) -> JSON {
    if text.count > 1, text.first == "'", text.last == "'" {
      return .string(String(text.dropFirst().dropLast()).replacing("''", with: "'"))
    }
    if let value = try? JSON.parse(text) { return value }
    return .string(text)
  }

  static func text(for metadata: OrderedDictionary<String, JSON>, raw: String?) -> String {
    var jupyter: OrderedDictionary<String, JSON> = [
      "jupytext": [
        "text_representation": [
          "extension": ".lua", "format_name": "percent", "format_version": "1.3",
        ]
      ]
    ]
    if let kernel = metadata["kernelspec"] { jupyter["kernelspec"] = kernel }
    var lines: [String] = []
    if let raw {
      lines += raw.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().dropLast().map(
        String.init)
    }
    lines.append("jupyter:")
    write(jupyter, indent: 2, into: &lines)
    return (["---"] + lines + ["---"]).map { $0.isEmpty ? "--\n" : "-- \($0)\n" }.joined()
  }

  private static func write(
    _ fields: OrderedDictionary<String, JSON>, indent: Int, into lines: inout [String]
  ) {
    for key in fields.keys.sorted() {
      let space = String(repeating: " ", count: indent)
      if let inner = fields[key]?.objectValue {
        lines.append("\(space)\(key):")
        write(inner, indent: indent + 2, into: &lines)
      } else if let value = fields[key] {
        lines.append("\(space)\(key): \(scalarText(value))")
      }
    }
  }

  /// A string that YAML would take for something else is quoted.
  private static func scalarText(_ value: JSON) -> String {
    guard let text = value.stringValue else { return value.text() }
    let isOtherwise =
      (try? JSON.parse(text)) != nil || ["yes", "no", "on", "off", "null", "~"].contains(text.lowercased())
    let hasSigns =
      text.isEmpty || text.contains(": ") || text.contains(" #")
      || "!&*-?[]{}|>@`\"'%,#:".contains(text.first ?? " ")
    return isOtherwise || hasSigns ? "'\(text.replacing("'", with: "''"))'" : text
  }
}
