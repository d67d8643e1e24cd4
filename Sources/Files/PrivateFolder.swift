import Glibc

/// A folder of our own under `TMPDIR`, for files that nobody else needs; the owner removes it.
public struct PrivateFolder {
  public let path: String

  public init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var name = Array(FileSystem.join(parent, "yuyan-XXXXXX").utf8CString)
    guard let made = mkdtemp(&name) else { throw FileError(path: parent, code: errno) }
    path = String(cString: made)
  }

  /// A link `name` in the folder, and its path.
  public func link(_ name: String, to target: String) throws -> String {
    let place = FileSystem.join(path, name)
    guard symlink(FileSystem.absolute(target), place) == 0 else { throw FileError(path: place, code: errno) }
    return place
  }

  public func remove() {
    // Nothing depends on it any more, and an error of the work itself must not be hidden by this one.
    try? FileSystem.remove(path)
  }
}
