import Scripting

/// Names that may stand where the cursor is: globals, session variables, keywords, fields and methods.
struct REPLCompletion {
  private static let keywords = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]
  private let evaluator: Evaluator

  init(_ evaluator: Evaluator) { self.evaluator = evaluator }

  /// - Parameters:
  ///   - start: byte offset of the word, a path such as `yy.da` or `m:gen`.
  ///   - end: byte offset of the cursor.
  func words(in line: String, from start: Int, to end: Int) -> [String] {
    let bytes = Array(line.utf8)
    guard start <= end, end <= bytes.count else { return [] }
    let word = String(decoding: bytes[start..<end], as: UTF8.self)
    guard let mark = word.lastIndex(where: { $0 == "." || $0 == ":" }) else {
      guard !word.isEmpty else { return [] }
      return (evaluator.names + Self.keywords).filter { $0.hasPrefix(word) }.sorted()
    }
    let path = String(word[..<mark])
    let beginning = word[word.index(after: mark)...]
    return evaluator.fields(of: path).filter { $0.hasPrefix(beginning) }.map { word[...mark] + $0 }
  }
}
