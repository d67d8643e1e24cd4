/// Markdown as HTML: headings, paragraphs, lists, quotes, code, tables and rules.
///
/// Raw HTML is shown, not run.
enum Markdown {
  static func html(_ text: String) -> String {
    let lines = text.replacing("\r\n", with: "\n").replacing("\t", with: "    ")
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return blocks(lines[...])
  }

  private static func blocks(_ lines: ArraySlice<String>) -> String {
    var rest = lines
    var html = ""
    while let line = rest.first {
      let trimmed = line.trimmingSpaces
      if trimmed.isEmpty {
        rest = rest.dropFirst()
      } else if let fence = fence(of: line) {
        html += code(&rest, fence: fence)
      } else if let heading = heading(line) {
        html += heading
        rest = rest.dropFirst()
      } else if isRule(trimmed) {
        html += "<hr>\n"
        rest = rest.dropFirst()
      } else if trimmed.hasPrefix(">") {
        let quoted = rest.prefix { $0.trimmingSpaces.hasPrefix(">") }
        rest = rest.dropFirst(quoted.count)
        let inner = quoted.map { line in
          let text = line.trimmingSpaces.dropFirst()
          return String(text.first == " " ? text.dropFirst() : text)
        }
        html += "<blockquote>\n\(blocks(inner[...]))</blockquote>\n"
      } else if ListMarker(line) != nil {
        html += list(&rest)
      } else if let table = table(&rest) {
        html += table
      } else if line.hasPrefix("    ") {
        let code = rest.prefix { $0.hasPrefix("    ") || $0.trimmingSpaces.isEmpty }
        rest = rest.dropFirst(code.count)
        let text = code.map { $0.hasPrefix("    ") ? String($0.dropFirst(4)) : "" }.joined(separator: "\n")
        html += "<pre><code>\(HTMLText.escaped(text.trimmingSpaces))</code></pre>\n"
      } else {
        html += paragraph(&rest)
      }
    }
    return html
  }

  private static func paragraph(_ rest: inout ArraySlice<String>) -> String {
    var lines: [String] = []
    while let line = rest.first, !line.trimmingSpaces.isEmpty {
      if !lines.isEmpty, startsBlock(line) { break }
      lines.append(line)
      rest = rest.dropFirst()
      if let next = rest.first, next.trimmingSpaces.allSatisfy({ $0 == "=" }), !next.trimmingSpaces.isEmpty {
        rest = rest.dropFirst()
        return "<h1>\(MarkdownSpan.html(lines.joined(separator: "\n")))</h1>\n"
      }
    }
    let text = lines.map { $0.hasSuffix("  ") ? $0.trimmingSpaces + "\u{0}" : $0.trimmingSpaces }
    let html = MarkdownSpan.html(text.joined(separator: "\n")).replacing("\u{0}", with: "<br>")
    return "<p>\(html)</p>\n"
  }

  private static func startsBlock(_ line: String) -> Bool {
    let trimmed = line.trimmingSpaces
    return fence(of: line) != nil || heading(line) != nil || isRule(trimmed) || trimmed.hasPrefix(">")
      || ListMarker(line) != nil
  }

  private static func isRule(_ line: String) -> Bool {
    let marks = line.filter { $0 != " " }
    guard marks.count >= 3, let first = marks.first, "-*_".contains(first) else { return false }
    return marks.allSatisfy { $0 == first }
  }

  private static func heading(_ line: String) -> String? {
    let level = line.prefix { $0 == "#" }.count
    guard (1...6).contains(level), line.dropFirst(level).first.map({ $0 == " " }) ?? true else { return nil }
    var text = String(line.dropFirst(level)).trimmingSpaces
    while text.hasSuffix("#"), text.contains(" ") { text = String(text.dropLast()).trimmingSpaces }
    return "<h\(level)>\(MarkdownSpan.html(text))</h\(level)>\n"
  }

  private static func fence(of line: String) -> String? {
    let trimmed = line.drop { $0 == " " }
    for mark in ["`", "~"] {
      let fence = trimmed.prefix { String($0) == mark }
      if fence.count >= 3, !trimmed.dropFirst(fence.count).contains("`") { return String(fence) }
    }
    return nil
  }

  private static func code(_ rest: inout ArraySlice<String>, fence: String) -> String {
    let opening = rest.removeFirst()
    let language = opening.trimmingSpaces.dropFirst(fence.count).trimmingPrefix(while: { $0 == " " })
    let indent = opening.prefix { $0 == " " }.count
    var lines: [String] = []
    while let line = rest.popFirst() {
      if line.trimmingSpaces.hasPrefix(fence), line.trimmingSpaces.allSatisfy({ $0 == fence.first }) { break }
      let spaces = min(indent, line.prefix { $0 == " " }.count)
      lines.append(String(line.dropFirst(spaces)))
    }
    let text = lines.joined(separator: "\n")
    let html = language.hasPrefix("lua") ? LuaHighlighter.html(text) : HTMLText.escaped(text)
    return "<pre><code>\(html)</code></pre>\n"
  }

  // MARK: Lists

  private struct ListMarker {
    var indent: Int
    var contentIndent: Int
    var number: Int?

    init?(_ line: String) {
      indent = line.prefix { $0 == " " }.count
      let rest = line.dropFirst(indent)
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      let width: Int
      if let first = rest.first, "-*+".contains(first) {
        width = 1
      } else if !digits.isEmpty, digits.count < 10, let next = rest.dropFirst(digits.count).first,
        ".)".contains(next)
      {
        number = Int(digits)
        width = digits.count + 1
      } else {
        return nil
      }
      guard rest.dropFirst(width).first == " " else { return nil }
      contentIndent = indent + width + 1
    }
  }

  private static func list(_ rest: inout ArraySlice<String>) -> String {
    guard let first = rest.first.flatMap(ListMarker.init) else { return "" }
    var items: [[String]] = []
    var isLoose = false
    while let line = rest.first {
      if let marker = ListMarker(line), marker.indent < first.contentIndent, marker.indent >= first.indent {
        guard (marker.number == nil) == (first.number == nil) else { break }
        items.append([String(line.dropFirst(marker.contentIndent))])
      } else if line.trimmingSpaces.isEmpty {
        guard let next = rest.dropFirst().first(where: { !$0.trimmingSpaces.isEmpty }),
          next.prefix(while: { $0 == " " }).count >= first.contentIndent
            || ListMarker(next).map({
              ($0.number == nil) == (first.number == nil) && $0.indent >= first.indent
            }) == true
        else { break }
        isLoose = true
        items[items.count - 1].append("")
      } else if line.prefix(while: { $0 == " " }).count >= first.contentIndent {
        items[items.count - 1].append(String(line.dropFirst(first.contentIndent)))
      } else if startsBlock(line) || items.last?.last == "" {
        break
      } else {
        items[items.count - 1].append(line.trimmingSpaces)
      }
      rest = rest.dropFirst()
    }
    let tag = first.number == nil ? "ul" : "ol"
    let start = first.number.map { $0 == 1 ? "" : " start=\"\($0)\"" } ?? ""
    let body = items.map { item -> String in
      var html = blocks(item[...])
      if !isLoose, html.hasPrefix("<p>"), let end = html.firstRange(of: "</p>\n") {
        html = String(
          html[html.index(html.startIndex, offsetBy: 3)..<end.lowerBound] + html[end.upperBound...])
      }
      return "<li>\(html)</li>\n"
    }
    return "<\(tag)\(start)>\n\(body.joined())</\(tag)>\n"
  }

  // MARK: Tables

  private static func table(_ rest: inout ArraySlice<String>) -> String? {
    guard let header = rest.first, header.contains("|"), let rule = rest.dropFirst().first else { return nil }
    let marks = cells(rule)
    guard rule.contains("-"), !marks.isEmpty,
      marks.allSatisfy({ !$0.isEmpty && $0.allSatisfy("-: ".contains) })
    else { return nil }
    let alignments = marks.map { mark in
      switch (mark.hasPrefix(":"), mark.hasSuffix(":")) {
      case (true, true): " style=\"text-align:center\""
      case (false, true): " style=\"text-align:right\""
      default: ""
      }
    }
    func row(_ line: String, _ tag: String) -> String {
      let columns = cells(line)
      let html = alignments.indices.map { index in
        let text = index < columns.count ? MarkdownSpan.html(columns[index]) : ""
        return "<\(tag)\(alignments[index])>\(text)</\(tag)>"
      }
      return "<tr>\(html.joined())</tr>\n"
    }
    var html = "<table>\n<thead>\n\(row(header, "th"))</thead>\n<tbody>\n"
    rest = rest.dropFirst(2)
    while let line = rest.first, line.contains("|") {
      html += row(line, "td")
      rest = rest.dropFirst()
    }
    return html + "</tbody>\n</table>\n"
  }

  private static func cells(_ line: String) -> [String] {
    var text = line.trimmingSpaces
    if text.hasPrefix("|") { text.removeFirst() }
    if text.hasSuffix("|"), !text.hasSuffix("\\|") { text.removeLast() }
    return text.replacing("\\|", with: "\u{1}").split(separator: "|", omittingEmptySubsequences: false).map {
      String($0).trimmingSpaces.replacing("\u{1}", with: "|")
    }
  }
}
