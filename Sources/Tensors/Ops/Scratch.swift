import Synchronization

/// Working memory for pieces that run at the same time: one slot for each thread, however many pieces there
/// are.
final class Scratch {
  private let memory: Tensor
  private let size: Int
  private let free: Mutex<[Int]>

  /// - Parameter size: the floats each piece needs.
  init(size: Int, pieces: Int) {
    let slots = Self.slots(pieces)
    self.size = Self.rounded(size)
    memory = Tensor.uninitialized([slots, self.size])
    free = Mutex(Array(0..<slots))
  }

  /// The floats that all slots have together.
  static func count(size: Int, pieces: Int) -> Int { slots(pieces) * rounded(size) }

  private static func slots(_ pieces: Int) -> Int { max(1, min(pieces, Parallel.threads)) }
  private static func rounded(_ size: Int) -> Int { (size + 15) / 16 * 16 }

  /// Lends a slot for the length of a piece.
  func withSlot<R>(_ body: (UnsafeMutablePointer<Float>) throws -> R) rethrows -> R {
    let slot = free.withLock { $0.popLast() }
    guard let slot else {
      // More pieces run at once than there were threads: the number was raised meanwhile.
      let own = Tensor.uninitialized([size])
      return try withExtendedLifetime(own) { try body(own.pointer) }
    }
    defer { free.withLock { $0.append(slot) } }
    return try body(memory.pointer + slot * size)
  }
}
