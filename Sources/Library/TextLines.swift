import Files

/// Lines of text files, for tokenizers that are compared or merged; one file is open at a time.
struct TextLines {
  private var files: ArraySlice<String>
  private var reader: LineReader?
  private var path = ""

  /// The lines of the files that the patterns match.
  init(_ patterns: [String]) throws { files = try patterns.isEmpty ? [] : Glob.expand(patterns)[...] }

  /// The next line with text; nil after the last one.
  mutating func next() throws -> String? {
    while true {
      while let line = try reader?.next() {
        guard let text = String(validating: line.bytes, as: UTF8.self) else {
          throw FileError(path: path, line: line.number, reason: "not UTF-8 text")
        }
        if !text.isEmpty { return text }
      }
      guard let file = files.popFirst() else { return nil }
      (path, reader) = (file, try LineReader(file))
    }
  }

  /// All lines with text of the files that the patterns match.
  static func all(of patterns: [String]) throws -> [String] {
    var lines = try TextLines(patterns)
    var all: [String] = []
    while let line = try lines.next() { all.append(line) }
    return all
  }
}
