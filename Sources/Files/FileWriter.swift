import Glibc

/// Writes a file from its beginning to its end through a buffer.
public final class FileWriter {
  public let path: String
  /// Bytes written so far.
  public private(set) var offset: UInt64 = 0
  let descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16

  /// Takes over an open descriptor; `path` is what messages name.
  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit { _ = close(descriptor) }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    if buffer.count + bytes.count > Self.bufferSize { try flush() }
    if bytes.count > Self.bufferSize {
      try Self.writeAll(bytes, to: descriptor, path: path)
    } else {
      buffer.append(contentsOf: bytes)
    }
    offset += UInt64(bytes.count)
  }

  public func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    try buffer.withUnsafeBytes { try Self.writeAll($0, to: descriptor, path: path) }
  }

  static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      // One system call must not outlast the patience of someone who pressed Ctrl-C.
      let count = Glibc.write(descriptor, part.baseAddress, min(part.count, 1 << 26))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, code: errno)
      }
      rest = rest.dropFirst(count)
    }
  }
}
