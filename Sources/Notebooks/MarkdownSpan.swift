/// The inline part of Markdown: code, emphasis, links, pictures, escapes.
enum MarkdownSpan {
  static func html(_ text: String) -> String {
    var rest = text[...]
    var html = ""
    var previous: Character?
    while let next = rest.first {
      if let (piece, after) = span(next, rest, previous) {
        html += piece
        rest = after
        previous = " "
        continue
      }
      html += HTMLText.escaped(String(next))
      rest = rest.dropFirst()
      previous = next
    }
    return html
  }

  private static func span(
    _ next: Character, _ rest: Substring, _ previous: Character?
  ) -> (String, Substring)? {
    switch next {
    case "\\":
      guard let escaped = rest.dropFirst().first, "\\`*_{}[]()#+-.!|~<>$".contains(escaped) else {
        return nil
      }
      return (HTMLText.escaped(String(escaped)), rest.dropFirst(2))
    case "`":
      let ticks = rest.prefix { $0 == "`" }
      let body = rest.dropFirst(ticks.count)
      guard let end = closing(String(ticks), in: body, mark: "`") else { return nil }
      let code = String(body[..<end]).replacing("\n", with: " ")
      return ("<code>\(HTMLText.escaped(code.trimmingSpaces))</code>", body[end...].dropFirst(ticks.count))
    case "*", "_":
      return emphasis(next, rest, previous)
    case "~" where rest.hasPrefix("~~"):
      let body = rest.dropFirst(2)
      guard let end = body.firstRange(of: "~~") else { return nil }
      return ("<del>\(html(String(body[..<end.lowerBound])))</del>", body[end.upperBound...])
    case "!" where rest.hasPrefix("!["):
      guard let (text, address, after) = link(rest.dropFirst()) else { return nil }
      guard let safe = HTMLText.safeAddress(address, isPicture: true) else {
        return (HTMLText.escaped(text), after)
      }
      return ("<img src=\"\(safe)\" alt=\"\(HTMLText.escaped(text))\">", after)
    case "[":
      guard let (text, address, after) = link(rest) else { return nil }
      guard let safe = HTMLText.safeAddress(address) else { return (html(text), after) }
      return ("<a href=\"\(safe)\">\(html(text))</a>", after)
    case "<":
      guard let end = rest.firstIndex(of: ">") else { return nil }
      let address = String(rest[rest.index(after: rest.startIndex)..<end])
      guard address.hasPrefix("http://") || address.hasPrefix("https://"), !address.contains(" ") else {
        return nil
      }
      let safe = HTMLText.escaped(address)
      return ("<a href=\"\(safe)\">\(safe)</a>", rest[rest.index(after: end)...])
    default: return nil
    }
  }

  private static func closing(_ ticks: String, in text: Substring, mark: Character) -> Substring.Index? {
    var search = text
    while let start = search.firstIndex(of: mark) {
      let run = search[start...].prefix { $0 == mark }
      if run.count == ticks.count { return start }
      search = search[run.endIndex...]
    }
    return nil
  }

  private static func emphasis(
    _ mark: Character, _ rest: Substring, _ previous: Character?
  ) -> (String, Substring)? {
    let width = min(rest.prefix { $0 == mark }.count, 3)
    let body = rest.dropFirst(width)
    guard let first = body.first, !first.isWhitespace else { return nil }
    if mark == "_", let previous, previous.isLetter || previous.isNumber { return nil }
    let closer = String(repeating: mark, count: width)
    var search = body
    while let end = search.firstRange(of: closer) {
      let inner = body[..<end.lowerBound]
      let after = body[end.upperBound...]
      let isWord = mark == "_" && (after.first.map { $0.isLetter || $0.isNumber } ?? false)
      if let last = inner.last, !last.isWhitespace, !isWord, after.first != mark {
        let text = html(String(inner))
        let marked =
          switch width {
          case 1: "<em>\(text)</em>"
          case 2: "<strong>\(text)</strong>"
          default: "<strong><em>\(text)</em></strong>"
          }
        return (marked, after)
      }
      search = body[body.index(after: end.lowerBound)...]
    }
    return nil
  }

  /// Reads `[text](address "title")`.
  private static func link(_ rest: Substring) -> (text: String, address: String, after: Substring)? {
    var depth = 0
    var close: Substring.Index?
    for index in rest.indices {
      if rest[index] == "[" { depth += 1 }
      if rest[index] == "]" { depth -= 1 }
      if depth == 0 {
        close = index
        break
      }
    }
    guard let close else { return nil }
    let after = rest[rest.index(after: close)...]
    guard after.first == "(", let end = after.firstIndex(of: ")") else { return nil }
    let target = String(after[after.index(after: after.startIndex)..<end]).trimmingSpaces
    let address = target.split(separator: " ", maxSplits: 1).first.map(String.init) ?? ""
    let text = rest[rest.index(after: rest.startIndex)..<close]
    return (String(text), address, after[after.index(after: end)...])
  }
}
