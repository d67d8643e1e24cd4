import Files
import Glibc

/// A weight file in memory, read page by page when touched; writing to a page makes a private copy of that
/// page.
final class WeightMapping {
  let bytes: UnsafeMutableRawBufferPointer

  init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    defer { _ = close(descriptor) }
    let size = Int(try FileSystem.size(path))
    // Without MAP_NORESERVE the kernel would set memory aside for a copy of every page.
    let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw FileError(path: path, code: errno) }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }
}
