import Glibc

/// A regular file mapped read-only into memory; its pages are read when they are touched.
public final class MappedFile: Sendable {
  public let path: String
  /// The whole file, valid as long as this object lives.
  public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// - Throws: `FileError` for what is missing, a folder, empty or unreadable.
  public init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, code: errno) }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { throw FileError(path: path, code: EISDIR) }
    guard kind == S_IFREG else { throw FileError(path: path, reason: "is not a regular file") }
    guard status.st_size > 0 else { throw FileError(path: path, reason: "is empty") }
    let address = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw FileError(path: path, code: errno) }
    self.path = path
    bytes = UnsafeRawBufferPointer(start: address, count: Int(status.st_size))
  }

  /// A copy of the bytes. (`bytes` of a file that nothing else holds may be unmapped before they are read.)
  public var contents: [UInt8] { withExtendedLifetime(self) { [UInt8](bytes) } }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }
}

extension MappedFile {
  /// Lets the system take back the memory of pages that will not be needed soon; they can still be read.
  public func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (range.lowerBound + page - 1) / page * page
    let end = min(range.upperBound, bytes.count) / page * page
    guard start < end, let base = bytes.baseAddress else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }
}
