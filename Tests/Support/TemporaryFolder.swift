import Files
import Glibc

/// A folder of its own for a test, removed with all its files when the object goes.
public final class TemporaryFolder {
  public let path: String

  public init() throws {
    var template = Array("/tmp/yuyan-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw FileError(path: "/tmp", code: errno) }
    path = String(cString: made)
  }

  deinit { try? FileSystem.remove(path) }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file, with the folders above it, and gives its path.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try FileSystem.makeFolders(FileSystem.folder(of: file(name)))
    try AtomicFile.write(bytes, to: file(name))
    return file(name)
  }
}

/// The error that `body` throws, as text; nil when it throws none.
public func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch { return "\(error)" }
}
