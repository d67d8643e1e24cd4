import Glibc

/// A file of lines that only grows, one system call a line, so that a kill loses at most the line being
/// written.
public final class AppendFile {
  public let path: String
  private let descriptor: Int32

  /// Opens or makes the file.
  ///
  /// A last line without its end, left by a kill or a full disk, is cut off.
  public init(_ path: String) throws {
    let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    self.path = path
    self.descriptor = descriptor
    try cutUnfinishedLine()
  }

  deinit { _ = close(descriptor) }

  /// Writes one line; `line` holds no line end.
  /// - Parameter synchronize: wait until the disk has it, so that a power cut cannot take it either.
  public func append(_ line: String, synchronize: Bool = false) throws {
    precondition(!line.utf8.contains(0x0A), "a line holds no line end")
    var text = line + "\n"
    let start = size
    do {
      try text.withUTF8 {
        try FileWriter.writeAll(UnsafeRawBufferPointer($0), to: descriptor, path: path)
      }
    } catch {
      ftruncate(descriptor, off_t(start))
      throw error
    }
    if synchronize && fsync(descriptor) != 0 { throw FileError(path: path, code: errno) }
  }

  /// Bytes in the file.
  public var size: UInt64 {
    UInt64(max(lseek(descriptor, 0, SEEK_END), 0))
  }

  /// Forgets all after the first `size` bytes.
  public func truncate(to size: UInt64) throws {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileError(path: path, code: errno) }
  }

  private func cutUnfinishedLine() throws {
    var end = Int(size)
    let whole = end
    var buffer = [UInt8](repeating: 0, count: 4096)
    while end > 0 {
      let start = max(0, end - buffer.count)
      let count = pread(descriptor, &buffer, end - start, off_t(start))
      guard count == end - start else { return }
      if let last = buffer[..<count].lastIndex(of: 0x0A) {
        end = start + last + 1
        break
      }
      end = start
    }
    if end < whole { try truncate(to: UInt64(end)) }
  }
}
