/// Lua source as HTML with its comments, strings, numbers and keywords marked.
enum LuaHighlighter {
  private static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]

  static func html(_ source: String) -> String {
    var scanner = Scanner(Array(source.unicodeScalars))
    return scanner.html()
  }

  private struct Scanner {
    let text: [Unicode.Scalar]
    var at = 0
    var result = ""

    init(_ text: [Unicode.Scalar]) { self.text = text }

    private func starts(_ word: String, at place: Int) -> Bool {
      let word = Array(word.unicodeScalars)
      return place + word.count <= text.count && Array(text[place..<(place + word.count)]) == word
    }

    mutating func html() -> String {
      while at < text.count {
        let start = at
        let scalar = text[at]
        if starts("--", at: at) {
          if let end = longBracketEnd(at + 2) { at = end } else { skip { $0 != "\n" } }
          emit(start, "c")
        } else if scalar == "[", let end = longBracketEnd(at) {
          at = end
          emit(start, "s")
        } else if scalar == "\"" || scalar == "'" {
          at += 1
          while at < text.count, text[at] != scalar, text[at] != "\n" { at += text[at] == "\\" ? 2 : 1 }
          at = min(at + 1, text.count)
          emit(start, "s")
        } else if Self.isDigit(scalar) {
          skip { Self.isWord($0) || $0 == "." }
          let isHexadecimal = starts("0x", at: start) || starts("0X", at: start)
          if !isHexadecimal, text[at - 1] == "e" || text[at - 1] == "E", at < text.count,
            "+-".contains(Character(text[at]))
          {
            at += 1
            skip { Self.isWord($0) }
          }
          emit(start, "n")
        } else if Self.isWord(scalar) {
          skip { Self.isWord($0) }
          let word = String(String.UnicodeScalarView(text[start..<at]))
          let next = text[at...].first { $0 != " " }
          let isCall = next == "(" || next == "{" || next == "\""
          emit(start, LuaHighlighter.keywords.contains(word) ? "k" : isCall ? "f" : nil)
        } else {
          at += 1
          emit(start, nil)
        }
      }
      return result
    }

    private mutating func skip(_ condition: (Unicode.Scalar) -> Bool) {
      while at < text.count, condition(text[at]) { at += 1 }
    }

    private mutating func emit(_ start: Int, _ kind: String?) {
      let piece = HTMLText.escaped(String(String.UnicodeScalarView(text[start..<min(at, text.count)])))
      result += kind.map { "<span class=\"\($0)\">\(piece)</span>" } ?? piece
    }

    private func longBracketEnd(_ start: Int) -> Int? {
      guard start < text.count, text[start] == "[" else { return nil }
      var level = 0
      while start + 1 + level < text.count, text[start + 1 + level] == "=" { level += 1 }
      guard start + 1 + level < text.count, text[start + 1 + level] == "[" else { return nil }
      let close = "]" + String(repeating: "=", count: level) + "]"
      var place = start + level + 2
      while place < text.count {
        if starts(close, at: place) { return place + level + 2 }
        place += 1
      }
      return text.count
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
      isDigit(scalar) || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
  }
}
