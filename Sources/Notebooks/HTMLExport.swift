import Files
import OrderedCollections

/// A notebook as one self-contained page: no script, no outside file, light and dark, readable on a phone.
public enum HTMLExport {
  public static func page(for notebook: Notebook, title: String) -> String {
    let name = notebook.metadata["title"]?.stringValue ?? heading(of: notebook) ?? title
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(HTMLText.escaped(name))</title>
      <style>
      \(HTMLStyle.sheet)</style>
      </head>
      <body>
      <main>
      \(notebook.cells.map(html).joined())</main>
      \(footer(notebook))</body>
      </html>

      """
  }

  private static func heading(of notebook: Notebook) -> String? {
    for cell in notebook.cells where cell.kind == .markdown {
      for line in cell.source.split(separator: "\n") where line.hasPrefix("# ") {
        return String(line.dropFirst(2)).filter { !"*_`".contains($0) }
      }
    }
    return nil
  }

  private static func html(_ cell: NotebookCell) -> String {
    switch cell.kind {
    case .markdown: return "<section class=\"text\">\n\(Markdown.html(cell.source))</section>\n"
    case .raw: return "<section class=\"raw\"><pre>\(HTMLText.escaped(cell.source))</pre></section>\n"
    case .code: break
    }
    guard !cell.source.trimmingSpaces.isEmpty || !cell.outputs.isEmpty else { return "" }
    let hasError = cell.outputs.contains { if case .error = $0 { true } else { false } }
    var classes = "cell"
    if hasError { classes += " failed" }
    if cell.tags.contains(Parameters.tag) || cell.tags.contains(Parameters.injectedTag) {
      classes += " parameters"
    }
    var html = "<section class=\"\(classes)\">\n"
    let lines = cell.source.split(separator: "\n", omittingEmptySubsequences: false).count
    let label = cell.executionCount.map { "<span class=\"count\">\($0)</span>" } ?? ""
    let time = cell.metadata["yuyan"]?["duration"]?.doubleValue.map {
      "<span class=\"time\">\(duration($0))</span>"
    }
    let words = cell.tags.map { "<span class=\"tag\">\(HTMLText.escaped($0))</span>" }.joined()
    html +=
      "<details open><summary>\(label)<span class=\"what\">\(lines == 1 ? "1 line" : "\(lines) lines")</span>"
    html += "\(words)\(time ?? "")</summary>"
    html += "<pre class=\"code\"><code>\(LuaHighlighter.html(cell.source))</code></pre></details>\n"
    if !cell.outputs.isEmpty {
      html += "<div class=\"outputs\">\n\(cell.outputs.map(self.html).joined())</div>\n"
    }
    return html + "</section>\n"
  }

  private static func html(_ output: CellOutput) -> String {
    switch output {
    case .stream(let name, let text):
      return "<pre class=\"stream \(HTMLText.escaped(name))\">\(ANSIText.html(text))</pre>\n"
    case .display(let data, _): return rich(data)
    case .result(let data, _, _): return rich(data)
    case .error(let name, let value, let traceback):
      let lines = traceback.isEmpty ? ["\(name): \(value)"] : traceback
      return "<pre class=\"error\">\(ANSIText.html(lines.joined(separator: "\n")))</pre>\n"
    case .other(let value):
      return "<pre>\(HTMLText.escaped(value.text(indent: 2)))</pre>\n"
    }
  }

  /// The richest type that a page without scripts can show.
  private static func rich(_ data: OrderedDictionary<String, JSON>) -> String {
    if let svg = data["image/svg+xml"]?.stringValue {
      return "<figure>\(withoutProlog(svg))</figure>\n"
    }
    if let html = data["text/html"]?.stringValue { return "<div class=\"html\">\(html)</div>\n" }
    for mime in ["image/png", "image/jpeg", "image/gif"] {
      if let picture = data[mime]?.stringValue {
        let compact = picture.filter { !$0.isWhitespace }
        return "<figure><img alt=\"\" src=\"data:\(mime);base64,\(HTMLText.escaped(compact))\"></figure>\n"
      }
    }
    if let markdown = data["text/markdown"]?.stringValue {
      return "<div class=\"text\">\(Markdown.html(markdown))</div>\n"
    }
    if let text = data["text/plain"]?.stringValue {
      return "<pre class=\"result\">\(ANSIText.html(text))</pre>\n"
    }
    guard let (mime, value) = data.elements.first else { return "" }
    return "<pre class=\"result\">\(HTMLText.escaped("\(mime): \(value.text())"))</pre>\n"
  }

  /// A picture inside a page has no XML declaration and no document type of its own.
  private static func withoutProlog(_ svg: String) -> String {
    guard let start = svg.firstRange(of: "<svg") else { return "" }
    return String(svg[start.lowerBound...])
  }

  private static func duration(_ seconds: Double) -> String {
    if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 60 { return "\((seconds * 10).rounded() / 10) s" }
    return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  }

  private static func footer(_ notebook: Notebook) -> String {
    guard let record = notebook.metadata["yuyan"] else { return "" }
    var parts: [String] = []
    if let version = record["version"]?.stringValue, !version.isEmpty { parts.append("yuyan \(version)") }
    if let seconds = record["duration"]?.doubleValue { parts.append("ran \(duration(seconds))") }
    for (name, value) in record["parameters"]?.objectValue ?? [:] {
      parts.append("\(name) = \(value.stringValue ?? value.text())")
    }
    return parts.isEmpty ? "" : "<footer>\(HTMLText.escaped(parts.joined(separator: " · ")))</footer>\n"
  }
}
