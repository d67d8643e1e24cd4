import Glibc

/// What is wrong with a file, told by its path and, where known, the line, the row and the field.
public struct FileError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let line: Int?
  /// The element of a JSON array, from 1.
  public let row: Int?
  public let field: String?
  public let reason: String

  public init(path: String, line: Int? = nil, row: Int? = nil, field: String? = nil, reason: String) {
    self.path = path
    self.line = line
    self.row = row
    self.field = field
    self.reason = reason
  }

  /// The operating system's words for the error `code`.
  public init(path: String, code: Int32) {
    self.init(path: path, reason: FileError.words(for: code))
  }

  public var description: String {
    var text = path
    if let line { text += ":\(line)" }
    if let row { text += ", row \(row)" }
    if let field { text += ": field '\(field)'" }
    return text + ": " + reason
  }

  private static func words(for code: Int32) -> String {
    switch code {
    case ENOENT: "no such file or folder"
    case EISDIR: "is a folder, a file is needed"
    case ENOTDIR: "a part of this path is not a folder"
    case ENOSPC: "no space left on the disk"
    case EACCES: "permission denied"
    case EFBIG: "file too large for the limit of this process"
    default: String(cString: strerror(code))
    }
  }
}
