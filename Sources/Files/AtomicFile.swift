import Glibc
import Synchronization

/// Replaces a file as a whole: readers and crashes see the old one or the new one, never a part.
public enum AtomicFile {
  private static let serial = Atomic<Int>(0)

  /// Writes beside `path`, brings the data to the disk, and renames.
  ///
  /// When `body` or the disk fails, the old file stays as it was and nothing is left behind; what a killed process
  /// left is removed by the next write of the same file. A link is
  /// followed; what is no regular file, such as `/dev/stdout`, is written directly.
  public static func write(to path: String, _ body: (FileWriter) throws -> Void) throws {
    let target = FileSystem.resolvingLinks(path)
    var status = stat()
    let exists = stat(target, &status) == 0
    if exists && status.st_mode & S_IFMT == S_IFDIR { throw FileError(path: path, code: EISDIR) }
    if exists && status.st_mode & S_IFMT != S_IFREG { return try writeDirectly(to: target, body) }

    let folder = FileSystem.folder(of: target)
    for (path, suffix) in Leftovers.find(of: FileSystem.fileName(target), in: folder)
    where suffix.hasPrefix("-") && suffix.hasSuffix(".tmp") {
      unlink(path)
    }
    let number = serial.add(1, ordering: .relaxed).newValue
    let name = Leftovers.name(for: FileSystem.fileName(target), "-\(number).tmp")
    let temporary = FileSystem.join(folder, name)
    // A process before this one may have had the same id.
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    do {
      let writer = FileWriter(descriptor: descriptor, path: path)
      try body(writer)
      try writer.flush()
      if exists { fchmod(descriptor, status.st_mode & 0o7777) }
      guard fsync(descriptor) == 0, rename(temporary, target) == 0 else {
        throw FileError(path: path, code: errno)
      }
    } catch {
      unlink(temporary)
      throw error
    }
    try FileSystem.synchronize(folder)
  }

  public static func write(_ text: String, to path: String) throws {
    try write(to: path) { try $0.write(text) }
  }

  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  private static func writeDirectly(to path: String, _ body: (FileWriter) throws -> Void) throws {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    let writer = FileWriter(descriptor: descriptor, path: path)
    try body(writer)
    try writer.flush()
  }
}
