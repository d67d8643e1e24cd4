import Glibc

/// A buffer of floats: taken from the pool, or borrowed from an owner that keeps it alive.
public final class Storage {
  public let pointer: UnsafeMutablePointer<Float>
  /// The number of floats.
  public let count: Int
  public private(set) var purpose: Purpose

  private let size: Int  // its class in the pool, 0 for borrowed memory
  private let owner: AnyObject?
  private let ledger: StorageLedger

  /// Takes an uninitialised buffer, 64-byte aligned; nil when the system's memory does not suffice.
  init?(count: Int, purpose: Purpose) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow, bytes <= 1 << 46 else { return nil }
    size = StoragePool.sizeClass(bytes)
    guard let memory = StoragePool.shared.take(size) else { return nil }
    pointer = memory.bindMemory(to: Float.self, capacity: count)
    self.count = count
    self.purpose = purpose
    owner = nil
    ledger = StorageLedger.current
    ledger.add(bytes, to: purpose)
  }

  /// Borrows memory, such as a mapped file's, for as long as `owner` is held.
  init(borrowing pointer: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject) {
    self.pointer = pointer
    self.count = count
    self.owner = owner
    purpose = .weights
    size = 0
    ledger = StorageLedger.current
  }

  deinit {
    guard !isBorrowed else { return }
    ledger.add(-count * MemoryLayout<Float>.stride, to: purpose)
    StoragePool.shared.give(UnsafeMutableRawPointer(pointer), size)
  }

  public var isBorrowed: Bool { owner != nil }

  /// Books the buffer under another purpose: a gradient that was an intermediate result becomes a
  /// parameter's.
  func repurpose(_ new: Purpose) {
    guard !isBorrowed, new != purpose else { return }
    ledger.move(count * MemoryLayout<Float>.stride, from: purpose, to: new)
    purpose = new
  }
}
