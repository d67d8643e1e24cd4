import Files
import OrderedCollections

/// The line `-- %% title [markdown] tags=["a"] n=3` before a cell.
struct PercentMarker {
  var kind = NotebookCell.Kind.code
  var metadata: OrderedDictionary<String, JSON> = [:]

  init() {}

  init(kind: NotebookCell.Kind, metadata: OrderedDictionary<String, JSON>) {
    self.kind = kind
    self.metadata = metadata
  }

  static func isMarker(_ line: String) -> Bool {
    guard let rest = afterPercents(line) else { return false }
    return rest.isEmpty || rest.first == " " || rest.first == "\t"
  }

  /// What follows `-- %%`; nil when the line has no such beginning.
  private static func afterPercents(_ line: String) -> Substring? {
    var rest = line.drop { $0 == " " || $0 == "\t" }
    guard rest.hasPrefix("--") else { return nil }
    rest = rest.dropFirst(2).drop { $0 == " " || $0 == "\t" }
    guard rest.hasPrefix("%%") else { return nil }
    return rest.drop { $0 == "%" }
  }

  init(line: String) {
    guard let rest = Self.afterPercents(line) else { return }
    let percents = line.reduce(0) { $1 == "%" ? $0 + 1 : $0 } - rest.reduce(0) { $1 == "%" ? $0 + 1 : $0 }
    if percents > 2 { metadata["cell_depth"] = JSON(percents - 2) }
    var title = String(rest).trimmingSpaces
    if let options = Self.options(in: &title) {
      metadata.merge(options) { _, new in new }
    }
    for (word, kind) in [("[markdown]", NotebookCell.Kind.markdown), ("[md]", .markdown), ("[raw]", .raw)] {
      guard title == word || title.hasPrefix(word + " ") || title.hasSuffix(" " + word) else { continue }
      self.kind = kind
      title = title.replacing(word, with: "", maxReplacements: 1).trimmingSpaces
      if word == "[md]" { metadata["region_name"] = "md" }
    }
    if !title.isEmpty { metadata["title"] = .string(title) }
  }

  /// Takes `key=value …` from the end of the text; nil leaves the text as a title.
  private static func options(in text: inout String) -> OrderedDictionary<String, JSON>? {
    if let brace = text.firstIndex(of: "{"), let object = try? JSON.parse(String(text[brace...])).objectValue
    {
      text = String(text[..<brace]).trimmingSpaces
      return object
    }
    guard let equals = text.firstIndex(of: "=") else { return nil }
    let keyStart = text[..<equals].lastIndex(of: " ").map { text.index(after: $0) } ?? text.startIndex
    var rest = text[keyStart...]
    var found: OrderedDictionary<String, JSON> = [:]
    while !rest.isEmpty {
      let key = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_.@/-".contains($0)) }
      guard !key.isEmpty, rest[key.endIndex...].first == "=" else { return nil }
      rest = rest[key.endIndex...].dropFirst()
      guard let (value, length) = value(at: rest) else { return nil }
      found[String(key)] = value
      rest = rest.dropFirst(length).drop { $0 == " " }
    }
    text = String(text[..<keyStart]).trimmingSpaces
    return found
  }

  /// The shortest beginning that is JSON and ends before a space or the end.
  private static func value(at text: Substring) -> (JSON, Int)? {
    var length = 0
    for index in text.indices {
      length += 1
      let next = text.index(after: index)
      guard next == text.endIndex || text[next] == " " else { continue }
      if let value = try? JSON.parse(String(text[..<next])) { return (value, length) }
    }
    return nil
  }

  /// Fields that only mean something in the notebook file.
  private static let hidden: Set<String> = [
    "autoscroll", "collapsed", "scrolled", "trusted", "ExecuteTime", "execution", "lines_to_next_cell",
    "region_name", "cell_depth", "title", "jupyter", "yuyan",
  ]

  var line: String {
    var parts = ["-- %%" + String(repeating: "%", count: metadata["cell_depth"]?.intValue ?? 0)]
    if let title = metadata["title"]?.stringValue { parts.append(title) }
    if kind == .markdown {
      parts.append(metadata["region_name"]?.stringValue == "md" ? "[md]" : "[markdown]")
    }
    if kind == .raw { parts.append("[raw]") }
    for (key, value) in metadata where !Self.hidden.contains(key) {
      parts.append("\(key)=\(Self.ascii(value.text()))")
    }
    return parts.joined(separator: " ")
  }

  /// Characters beyond ASCII as `\u` escapes, as Python's `json.dumps` writes them.
  private static func ascii(_ text: String) -> String {
    var result = ""
    for unit in text.utf16 {
      if unit < 128 {
        result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      } else {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result
  }
}

extension String {
  var trimmingSpaces: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
    var rest = drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(rest)
  }
}
