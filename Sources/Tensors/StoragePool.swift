import Glibc
import Synchronization

/// Keeps released buffers for the next tensor of about the same size, so that a training step faults no page.
///
/// Sizes are rounded up to eight classes per power of two. Live and kept buffers together never exceed the
/// most that was ever live by more than an eighth: keeping costs no memory that the program did not need
/// anyway.
public final class StoragePool: Sendable {
  public static let shared = StoragePool()

  static let alignment = 64
  /// From here on pages come from the system and go back to it; in the heap buffers would lie among the working memory
  /// that matrix products take and free there, and keep it from being used again.
  private static let mappedFrom = 1 << 14
  private static let hugeFrom = 1 << 22
  /// Sizes whose buffers lie together in huge pages, as each is less than a few of these.
  private static let slabSizes = 1 << 18..<hugeFrom

  private struct State {
    var kept: [Int: [UInt]] = [:]  // addresses by size class
    var lastUse: [Int: Int] = [:]  // by size class
    var clock = 0
    var keptBytes = 0
    var liveBytes = 0
    var peakBytes = 0
    var slabs = HugePageSlabs()

    mutating func addLive(_ size: Int) {
      liveBytes += size
      peakBytes = max(peakBytes, liveBytes)
    }

    /// Gives one buffer of the size that was asked for least recently back to the system.
    mutating func releaseOldest() {
      let sizes = kept.keys.filter { kept[$0]?.isEmpty == false }
      guard let size = sizes.min(by: { lastUse[$0, default: 0] < lastUse[$1, default: 0] }),
        let address = kept[size]?.popLast()
      else { return }
      release(address, size)
      keptBytes -= size
    }

    mutating func allocate(_ size: Int) -> UInt? {
      StoragePool.slabSizes.contains(size) ? slabs.take(size) : StoragePool.allocate(size)
    }

    mutating func release(_ address: UInt, _ size: Int) {
      if StoragePool.slabSizes.contains(size) {
        slabs.give(address, size)
      } else {
        StoragePool.release(address, size)
      }
    }
  }
  private let state = Mutex(State())

  /// Bytes kept for reuse at the moment.
  public var keptBytes: Int { state.withLock { $0.keptBytes } }

  /// Gives every kept buffer back to the system.
  public func trim() {
    state.withLock {
      for (size, addresses) in $0.kept { for address in addresses { $0.release(address, size) } }
      $0.kept = [:]
      $0.lastUse = [:]
      $0.keptBytes = 0
      $0.peakBytes = $0.liveBytes
    }
  }

  /// The size a request of `bytes` is rounded up to.
  public static func sizeClass(_ bytes: Int) -> Int {
    guard bytes > alignment else { return alignment }
    let power = 1 << (Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount)
    let step = max(alignment, power / 8)
    return (bytes + step - 1) / step * step
  }

  /// A buffer of a size class, or nil when the system has none.
  func take(_ size: Int) -> UnsafeMutableRawPointer? {
    let address: UInt = state.withLock { state in
      state.clock += 1
      state.lastUse[size] = state.clock
      if let address = state.kept[size]?.popLast() {
        state.keptBytes -= size
        state.addLive(size)
        return address
      }
      let allowed = max(state.peakBytes, state.liveBytes + size)
      while state.keptBytes > 0, state.liveBytes + state.keptBytes + size > allowed + allowed / 8 {
        state.releaseOldest()
      }
      if !Self.systemHas(size) { while state.keptBytes > 0 { state.releaseOldest() } }
      guard Self.systemHas(size), let address = state.allocate(size) else { return 0 }
      state.addLive(size)
      return address
    }
    return UnsafeMutableRawPointer(bitPattern: address)
  }

  /// Takes back a buffer that `take` gave.
  func give(_ pointer: UnsafeMutableRawPointer, _ size: Int) {
    let address = UInt(bitPattern: pointer)
    state.withLock {
      $0.liveBytes -= size
      $0.keptBytes += size
      $0.kept[size, default: []].append(address)
    }
  }

  /// Whether an allocation of this size would leave the machine alive; small ones are not asked about.
  static func systemHas(_ size: Int) -> Bool {
    guard size >= 1 << 26, let available = availableBytes() else { return true }
    return size < available
  }

  /// What the system could hand out without swapping, from `/proc/meminfo`, or what its container leaves this process
  /// where that is less.
  public static func availableBytes() -> Int? {
    guard let available = systemBytes("MemAvailable:") else { return nil }
    guard let limit = memoryLimit, let used = containerBytes("memory.current") else { return available }
    return min(available, max(0, limit - used))
  }

  /// What a container allows this process and its neighbours in it; nil where nothing does.
  public static var memoryLimit: Int? { containerBytes("memory.max") }

  private static func containerBytes(_ name: String) -> Int? {
    textOfFile("/sys/fs/cgroup/" + name, limit: 64).flatMap { Int($0.filter { !$0.isWhitespace }) }
  }

  /// The most that this process could ever hold: what it has, what is available and what could be swapped out.
  public static func reachableBytes() -> Int? {
    guard let available = availableBytes(), let process = ProcessMemory.current() else { return nil }
    return available + process.anonymous + (systemBytes("SwapFree:") ?? 0)
  }

  private static func systemBytes(_ name: String) -> Int? {
    guard let text = textOfFile("/proc/meminfo", limit: 4096) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let digits = line.filter { $0.isASCII && $0.isNumber }
      return Int(digits).map { $0 * 1024 }
    }
    return nil
  }

  private static func allocate(_ size: Int) -> UInt? {
    if size >= hugeFrom { return HugePageSlabs.map(size) }
    if size >= mappedFrom {
      let flags = MAP_PRIVATE | MAP_ANONYMOUS
      guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED else {
        return nil
      }
      return UInt(bitPattern: memory)
    }
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, alignment, size) == 0 else { return nil }
    return UInt(bitPattern: memory)
  }

  private static func release(_ address: UInt, _ size: Int) {
    let memory = UnsafeMutableRawPointer(bitPattern: address)
    if size >= mappedFrom { munmap(memory, size) } else { free(memory) }
  }
}

/// The first bytes of a small text file, such as those under `/proc`.
func textOfFile(_ path: String, limit: Int) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
    count = max(0, read(descriptor, buffer.baseAddress, limit))
  }
  return String(decoding: bytes, as: UTF8.self)
}
