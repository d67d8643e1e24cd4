import Files

/// Reads and writes notebooks by the ending of their file: `.ipynb`, `.lua` (percent script) and, for writing, `.html`.
public enum Conversion {
  /// - Returns: the notebook and what the reader warns of.
  public static func load(_ path: String) throws -> (notebook: Notebook, warnings: [String]) {
    switch FileSystem.fileExtension(path) {
    case "ipynb": return (try NotebookFile.load(path), [])
    case "lua":
      let bytes = try FileSystem.read(path)
      if let place = UTF8Text.firstInvalidByte(in: bytes) {
        throw FileError(path: path, reason: "not UTF-8 at byte \(place + 1)")
      }
      let parsed = PercentScript.parse(String(decoding: bytes, as: UTF8.self))
      return (parsed.notebook, parsed.warnings.map { "\(path): \($0)" })
    default: throw FileError(path: path, reason: "a notebook (.ipynb) or a script (.lua) expected")
    }
  }

  public static func save(_ notebook: Notebook, to path: String) throws {
    switch FileSystem.fileExtension(path) {
    case "ipynb": try NotebookFile.save(notebook, to: path)
    case "lua": try AtomicFile.write(PercentScript.text(of: notebook), to: path)
    case "html": try AtomicFile.write(HTMLExport.page(for: notebook, title: FileSystem.stem(path)), to: path)
    default: throw FileError(path: path, reason: "the ending .ipynb, .lua or .html expected")
    }
  }
}
