import Files
import OrderedCollections

/// Reads and writes `.ipynb` text, byte for byte as nbformat's own writer does.
public enum NotebookFile {
  public static func load(_ path: String) throws -> Notebook {
    try parse(String(decoding: FileSystem.read(path), as: UTF8.self), path: path)
  }

  public static func save(_ notebook: Notebook, to path: String) throws {
    try AtomicFile.write(text(of: notebook), to: path)
  }

  // MARK: Reading

  public static func parse(_ text: String, path: String = "notebook") throws -> Notebook {
    let root: JSON
    do {
      root = try JSON.parse(text)
    } catch let error as JSONError {
      throw FileError(path: path, line: error.line, reason: "not a notebook: \(error.reason)")
    }
    func fail(_ field: String, _ reason: String) -> FileError {
      FileError(path: path, field: field, reason: reason)
    }
    guard let fields = root.objectValue else {
      throw FileError(path: path, reason: "not a notebook: object expected")
    }
    guard let version = fields["nbformat"]?.intValue else { throw fail("nbformat", "integer expected") }
    guard version == 4 else {
      throw fail(
        "nbformat", "version 4 expected, got \(version) (`jupyter nbconvert --to notebook` upgrades it)")
    }
    guard let cells = fields["cells"]?.arrayValue else { throw fail("cells", "array expected") }
    var notebook = Notebook()
    notebook.minorVersion = fields["nbformat_minor"]?.intValue ?? 0
    notebook.metadata = fields["metadata"]?.objectValue ?? [:]
    for key in ["orig_nbformat", "orig_nbformat_minor", "signature"] { notebook.metadata[key] = nil }
    for (index, value) in cells.enumerated() {
      notebook.cells.append(try cell(value) { fail("cells[\(index)].\($0)", $1) })
    }
    let upgraded = notebook.minorVersion < 5
    if upgraded || notebook.cells.contains(where: { $0.id == nil }) { notebook.fillIdentifiers() }
    return notebook
  }

  private static func cell(_ value: JSON, fail: (String, String) -> FileError) throws -> NotebookCell {
    guard let fields = value.objectValue, let kindName = fields["cell_type"]?.stringValue else {
      throw fail("cell_type", "string expected")
    }
    guard let kind = NotebookCell.Kind(rawValue: kindName) else {
      throw fail("cell_type", "code, markdown or raw expected, got '\(kindName)'")
    }
    guard let source = fields["source"].flatMap(joined) else {
      throw fail("source", "string or lines expected")
    }
    var cell = NotebookCell(kind, source, id: fields["id"]?.stringValue)
    cell.metadata = fields["metadata"]?.objectValue ?? [:]
    cell.metadata["trusted"] = nil
    cell.executionCount = fields["execution_count"]?.intValue
    if kind == .code {
      cell.outputs = (fields["outputs"]?.arrayValue ?? []).map(output)
    }
    let own: Set = ["cell_type", "source", "id", "metadata", "execution_count", "outputs"]
    for (key, value) in fields where !own.contains(key) { cell.otherFields[key] = value }
    return cell
  }

  private static func output(_ value: JSON) -> CellOutput {
    let data = (value["data"]?.objectValue ?? [:]).mapValues { joined($0).map(JSON.string) ?? $0 }
    let metadata = value["metadata"]?.objectValue ?? [:]
    switch value["output_type"]?.stringValue {
    case "stream":
      guard let name = value["name"]?.stringValue, let text = value["text"].flatMap(joined) else { break }
      return .stream(name: name, text: text)
    case "display_data":
      return .display(data: data, metadata: metadata)
    case "execute_result":
      return .result(data: data, metadata: metadata, executionCount: value["execution_count"]?.intValue)
    case "error":
      guard let name = value["ename"]?.stringValue, let text = value["evalue"]?.stringValue else { break }
      let traceback = value["traceback"]?.arrayValue?.compactMap(\.stringValue) ?? []
      return .error(name: name, value: text, traceback: traceback)
    default: break
    }
    return .other(value)
  }

  /// A string, or a list of strings put together.
  private static func joined(_ value: JSON) -> String? {
    if let text = value.stringValue { return text }
    guard let lines = value.arrayValue else { return nil }
    let texts = lines.compactMap(\.stringValue)
    return texts.count == lines.count ? texts.joined() : nil
  }

  // MARK: Writing

  public static func text(of notebook: Notebook) -> String {
    let root: JSON = [
      "cells": .array(notebook.cells.map(json)), "metadata": .object(notebook.metadata), "nbformat": 4,
      "nbformat_minor": JSON(notebook.minorVersion),
    ]
    return root.text(indent: 1, sortedKeys: true) + "\n"
  }

  private static func json(_ cell: NotebookCell) -> JSON {
    var fields = cell.otherFields
    fields["cell_type"] = .string(cell.kind.rawValue)
    fields["metadata"] = .object(cell.metadata)
    fields["source"] = lines(cell.source)
    if let id = cell.id { fields["id"] = .string(id) }
    if cell.kind == .code {
      fields["execution_count"] = cell.executionCount.map { JSON($0) } ?? .null
      fields["outputs"] = .array(cell.outputs.map(json))
    }
    if let attachments = fields["attachments"]?.objectValue {
      fields["attachments"] = .object(attachments.mapValues { .object(split($0.objectValue ?? [:])) })
    }
    return .object(fields)
  }

  static func json(_ output: CellOutput) -> JSON {
    switch output {
    case .stream(let name, let text):
      ["output_type": "stream", "name": .string(name), "text": lines(text)]
    case .display(let data, let metadata):
      ["output_type": "display_data", "data": .object(split(data)), "metadata": .object(metadata)]
    case .result(let data, let metadata, let count):
      [
        "output_type": "execute_result", "data": .object(split(data)), "metadata": .object(metadata),
        "execution_count": count.map { JSON($0) } ?? .null,
      ]
    case .error(let name, let value, let traceback):
      [
        "output_type": "error", "ename": .string(name), "evalue": .string(value),
        "traceback": .array(traceback.map(JSON.string)),
      ]
    case .other(let value): value
    }
  }

  private static func split(_ bundle: OrderedDictionary<String, JSON>) -> OrderedDictionary<String, JSON> {
    var result = bundle
    for (mime, content) in bundle {
      let isText = mime.hasPrefix("text/") || mime == "application/javascript" || mime == "image/svg+xml"
      if isText, let text = content.stringValue { result[mime] = lines(text) }
    }
    return result
  }

  /// A text as its lines with their ends, by the rule of Python's `str.splitlines(True)`.
  static func lines(_ text: String) -> JSON {
    var lines: [JSON] = []
    var line = String.UnicodeScalarView()
    var isAfterReturn = false
    for scalar in text.unicodeScalars {
      if isAfterReturn && scalar != "\n" {
        lines.append(.string(String(line)))
        line = .init()
      }
      line.append(scalar)
      isAfterReturn = scalar == "\r"
      switch scalar.value {
      case 0x0A, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029:
        lines.append(.string(String(line)))
        line = .init()
      default: break
      }
    }
    if !line.isEmpty { lines.append(.string(String(line))) }
    return .array(lines)
  }
}
