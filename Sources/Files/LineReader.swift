import Glibc
import Processes

/// One line of a file, without its end.
public struct Line: Equatable, Sendable {
  public let bytes: [UInt8]
  /// Counts from 1.
  public let number: Int
  /// Where the line begins in the file, in bytes.
  public let offset: UInt64
  /// Where the line after it begins.
  public let next: UInt64
}

/// Reads the lines of a file one after another through a bounded buffer.
///
/// A line ends with LF or CR LF; the last one needs no end. A byte order mark before the first line is
/// skipped.
public struct LineReader {
  public let path: String
  private let file: Descriptor
  private var buffer: [UInt8] = []
  private var start = 0
  private var offset: UInt64
  private var number: Int
  private static let pieceSize = 1 << 16
  /// Bytes in the longest line that is read.
  public static let lineLimit = 1 << 28

  /// Opens the file at a byte offset, which must be the beginning of line `number`.
  /// - Throws: `FileError` for what is missing, a folder or, at its beginning, clearly no UTF-8 text.
  public init(_ path: String, from offset: UInt64 = 0, number: Int = 1) throws {
    self.path = path
    self.offset = offset
    self.number = number
    file = try Descriptor(path)
    if offset > 0 {
      guard lseek(file.number, off_t(offset), SEEK_SET) >= 0 else { throw FileError(path: path, code: errno) }
    } else {
      _ = try fill()
      if let problem = Self.problem(withHead: buffer) { throw FileError(path: path, reason: problem) }
      if buffer.starts(with: [0xEF, 0xBB, 0xBF]) {
        start = 3
        self.offset = 3
      }
    }
  }

  /// The next line; nil at the end.
  public mutating func next() throws -> Line? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) { return take(upTo: end, ending: 1) }
      searched = buffer.count
      if buffer.count - start > Self.lineLimit {
        throw FileError(
          path: path, line: number, reason: "this line is longer than \(Self.lineLimit >> 20) MB")
      }
      if start > 0 {
        buffer.removeFirst(start)
        searched -= start
        start = 0
      }
      if try fill() == 0 { return start == buffer.count ? nil : take(upTo: buffer.count, ending: 0) }
    }
  }

  private mutating func take(upTo end: Int, ending: Int) -> Line {
    let next = offset + UInt64(end + ending - start)
    let last = ending == 1 && end > start && buffer[end - 1] == 0x0D ? end - 1 : end
    let line = Line(bytes: Array(buffer[start..<last]), number: number, offset: offset, next: next)
    start = end + ending
    offset = next
    number += 1
    return line
  }

  private mutating func fill() throws -> Int {
    try Interrupt.check()
    let held = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.pieceSize))
    var count: Int
    repeat {
      count = buffer.withUnsafeMutableBytes {
        read(file.number, $0.baseAddress.map { $0 + held }, Self.pieceSize)
      }
    } while count < 0 && errno == EINTR
    buffer.removeLast(Self.pieceSize - max(count, 0))
    if count < 0 { throw FileError(path: path, code: errno) }
    return count
  }

  /// What tells from a file's first bytes that it is no UTF-8 text.
  public static func problem(withHead head: [UInt8]) -> String? {
    let utf16 = "is UTF-16 text, UTF-8 is needed (iconv -f UTF-16 -t UTF-8 converts it)"
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return utf16 }
    if head.starts(with: [0x1F, 0x8B]) { return "is compressed with gzip, unpack it first" }
    if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return "is compressed with zstd, unpack it first" }
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return "is a zip archive, unpack it first" }
    let sample = head.prefix(512)
    let even = sample.enumerated().contains { $0.offset % 2 == 0 && $0.element == 0 }
    let odd = sample.enumerated().contains { $0.offset % 2 == 1 && $0.element == 0 }
    return sample.count > 3 && even != odd ? utf16 : nil
  }

  private final class Descriptor {
    let number: Int32

    init(_ path: String) throws {
      number = open(path, O_RDONLY | O_CLOEXEC)
      guard number >= 0 else { throw FileError(path: path, code: errno) }
      if FileSystem.isDirectory(path) { throw FileError(path: path, code: EISDIR) }
    }

    deinit { if number >= 0 { close(number) } }
  }
}
