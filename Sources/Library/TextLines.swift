import Files

/// Lines of text files, for tokenizers that are compared or merged.
enum TextLines {
  /// All lines with text of the files that the patterns match.
  static func read(_ patterns: [String]) throws -> [String] {
    var lines: [String] = []
    try forEach(of: patterns) { lines.append($0) }
    return lines
  }

  /// The lines one after the other, read as they are asked for.
  static func forEach(of patterns: [String], _ body: (String) throws -> Void) throws {
    for path in try patterns.isEmpty ? [] : Glob.expand(patterns) {
      var reader = try LineReader(path)
      while let line = try reader.next() {
        guard let text = String(validating: line.bytes, as: UTF8.self) else {
          throw FileError(path: path, line: line.number, reason: "not UTF-8 text")
        }
        if !text.isEmpty { try body(text) }
      }
    }
  }
}
