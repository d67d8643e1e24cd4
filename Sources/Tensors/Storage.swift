import Glibc

/// A buffer of bytes: taken from the pool, or borrowed from an owner that keeps it alive.
public final class Storage {
  public let pointer: UnsafeMutableRawPointer
  public let byteCount: Int
  public private(set) var purpose: Purpose

  private let size: Int  // its class in the pool, 0 for borrowed memory
  private let owner: AnyObject?
  private let ledger: StorageLedger

  /// Takes an uninitialised buffer, 64-byte aligned; nil when the system's memory does not suffice.
  init?(byteCount: Int, purpose: Purpose) {
    guard byteCount <= 1 << 46 else { return nil }
    size = StoragePool.sizeClass(byteCount)
    guard let memory = StoragePool.shared.take(size) else { return nil }
    pointer = memory
    self.byteCount = byteCount
    self.purpose = purpose
    owner = nil
    ledger = StorageLedger.current
    ledger.add(byteCount, to: purpose)
  }

  /// Borrows memory, such as a mapped file's, for as long as `owner` is held.
  init(borrowing pointer: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
    self.pointer = pointer
    self.byteCount = byteCount
    self.owner = owner
    purpose = .weights
    size = 0
    ledger = StorageLedger.current
  }

  deinit {
    guard !isBorrowed else { return }
    ledger.add(-byteCount, to: purpose)
    StoragePool.shared.give(pointer, size)
  }

  public var isBorrowed: Bool { owner != nil }

  /// Books the buffer under another purpose: a gradient that was an intermediate result becomes a
  /// parameter's.
  func repurpose(_ new: Purpose) {
    guard !isBorrowed, new != purpose else { return }
    ledger.move(byteCount, from: purpose, to: new)
    purpose = new
  }
}
