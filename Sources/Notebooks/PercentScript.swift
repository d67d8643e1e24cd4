import Files
import OrderedCollections

/// Notebooks as Lua scripts with `-- %%` before each cell, read and written as jupytext does (format percent 1.3).
///
/// Outputs and cell ids live only in the notebook file.
public enum PercentScript {
  public struct Parsed: Sendable {
    public var notebook: Notebook
    /// Markers that cut a long string or long comment, by line: jupytext cuts there too.
    public var warnings: [String]
  }

  /// jupytext puts this line first when a script has other characters than ASCII.
  private static let encoding = "-- -*- coding: utf-8 -*-"

  // MARK: Reading

  public static func parse(_ text: String) -> Parsed {
    var lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    if lines.last == "" { lines.removeLast() }
    var notebook = Notebook(metadata: Notebook.kernel)
    var number = 0
    if let first = lines.first, first.hasPrefix("#!") {
      let executable = JSON.string(String(first.dropFirst(2)))
      notebook.metadata["jupytext"] = ["executable": executable]
      number = 1
    }
    if number < lines.count, lines[number] == encoding { number += 1 }
    if let header = PercentHeader.read(lines[number...]) {
      notebook.metadata.merge(header.metadata) { $0.merged(with: $1) }
      if let raw = header.raw { notebook.cells.append(NotebookCell(.raw, raw)) }
      number = header.end
      if number < lines.count, lines[number].isEmpty { number += 1 }
    }
    var warnings: [String] = []
    while number < lines.count {
      let end = lines[(number + 1)...].firstIndex(where: { PercentMarker.isMarker($0) }) ?? lines.count
      let body = Array(lines[number..<end])
      notebook.cells.append(cell(body, isLast: end == lines.count))
      if end < lines.count, endsInsideLongBracket(body.joined(separator: "\n")) {
        warnings.append("line \(end + 1): the marker cuts a long string or comment")
      }
      number = end
    }
    notebook.fillIdentifiers()
    return Parsed(notebook: notebook, warnings: warnings)
  }

  private static func cell(_ lines: [String], isLast: Bool) -> NotebookCell {
    var body = lines[...]
    var marker = PercentMarker()
    if let first = body.first, PercentMarker.isMarker(first) {
      marker = PercentMarker(line: first)
      body = body.dropFirst()
    }
    if body.count > 1, body.suffix(2).allSatisfy(\.isEmpty) {
      body = body.dropLast(2)
      // One blank line parts two cells; a second one belongs to neither and is kept.
      if !isLast { body += body.isEmpty ? [] : [""] }
    } else if body.last == "" {
      body = body.dropLast()
    }
    if marker.kind == .code {
      let isInactive = marker.metadata["active"]?.stringValue == "ipynb"
      let source = isInactive ? body.map(uncommented) : body.map(withoutMagicComment)
      return NotebookCell(.code, source.joined(separator: "\n"), metadata: marker.metadata)
    }
    return NotebookCell(
      marker.kind, body.map(uncommented).joined(separator: "\n"), metadata: marker.metadata)
  }

  private static func uncommented(_ line: String) -> String {
    if line.hasPrefix("-- ") { return String(line.dropFirst(3)) }
    return line.hasPrefix("--") ? String(line.dropFirst(2)) : line
  }

  /// Whether a line is a magic command under any number of comment marks.
  private static func isMagic(_ line: String) -> Bool {
    var rest = line[...]
    while rest.hasPrefix("-- ") { rest = rest.dropFirst(3) }
    guard rest.first == "%" else { return false }
    return rest.drop { $0 == "%" }.first.map { $0.isLetter } ?? false
  }

  private static func withoutMagicComment(_ line: String) -> String {
    line.hasPrefix("-- ") && isMagic(line) ? String(line.dropFirst(3)) : line
  }

  private static func endsInsideLongBracket(_ text: String) -> Bool {
    var close: String?
    var rest = text[...]
    while !rest.isEmpty {
      if let bracket = close {
        guard let end = rest.firstRange(of: bracket) else { return true }
        rest = rest[end.upperBound...]
        close = nil
        continue
      }
      let isComment = rest.hasPrefix("--")
      let candidate = isComment ? rest.dropFirst(2) : rest
      if candidate.first == "[" {
        let level = candidate.dropFirst().prefix { $0 == "=" }
        if candidate.dropFirst(level.count + 1).first == "[" {
          close = "]\(level)]"
          rest = candidate.dropFirst(level.count + 2)
          continue
        }
      }
      if isComment {
        rest = rest.drop { $0 != "\n" }
      } else if let quote = rest.first, quote == "\"" || quote == "'" {
        rest = rest.dropFirst()
        while let next = rest.first, next != quote, next != "\n" {
          rest = rest.dropFirst(next == "\\" ? 2 : 1)
        }
        rest = rest.dropFirst()
      } else {
        rest = rest.dropFirst()
      }
    }
    return close != nil
  }

  // MARK: Writing

  public static func text(of notebook: Notebook) -> String {
    var text = ""
    let executable = notebook.metadata["jupytext"]?["executable"]?.stringValue
    let shebang = executable.map { "#!\($0)\n" } ?? ""
    var cells = notebook.cells[...]
    var raw: String?
    if let first = cells.first, first.kind == .raw, first.source.hasPrefix("---\n"),
      first.source.hasSuffix("\n---")
    {
      raw = first.source
      cells = cells.dropFirst()
    }
    text += PercentHeader.text(for: notebook.metadata, raw: raw)
    for cell in cells {
      text += "\n" + PercentMarker(kind: cell.kind, metadata: cell.metadata).line + "\n"
      guard !cell.source.isEmpty || cell.kind != .code else { continue }
      let isCommented = cell.kind != .code || cell.metadata["active"]?.stringValue == "ipynb"
      for line in cell.source.split(separator: "\n", omittingEmptySubsequences: false) {
        if isCommented {
          text += line.isEmpty ? "--\n" : "-- \(line)\n"
        } else {
          text += isMagic(String(line)) ? "-- \(line)\n" : "\(line)\n"
        }
      }
    }
    return text.utf8.allSatisfy { $0 < 128 } ? shebang + text : "\(shebang)\(encoding)\n\(text)"
  }
}

extension JSON {
  /// Objects are merged field by field; anything else is replaced.
  func merged(with other: JSON) -> JSON {
    guard let mine = objectValue, let theirs = other.objectValue else { return other }
    return .object(mine.merging(theirs) { $0.merged(with: $1) })
  }
}
