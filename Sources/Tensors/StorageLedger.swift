import Synchronization

/// What a buffer is for; memory is planned, counted and shown under these headings.
public enum Purpose: Int, CaseIterable, Sendable {
  case weights, gradients, activations, optimizer, cache
}

/// Counts the live bytes of tensors by purpose.
///
/// A tensor stays on the ledger that was current when it was made. Tests and jobs that must not see each
/// other's tensors use one of their own: `StorageLedger.$current.withValue(StorageLedger()) { … }`.
/// Borrowed memory (mapped files) is not counted.
public final class StorageLedger: Sendable {
  /// The ledger new tensors are written on; a shared one unless a task has its own.
  @TaskLocal public static var current = StorageLedger()

  private struct Counts {
    var live = [Int](repeating: 0, count: Purpose.allCases.count)
    var total = 0
    var peak = 0
  }
  private let counts = Mutex(Counts())

  public init() {}

  /// The bytes that live tensors hold for one purpose.
  public func liveBytes(of purpose: Purpose) -> Int { counts.withLock { $0.live[purpose.rawValue] } }

  /// The bytes that live tensors hold.
  public var liveBytes: Int { counts.withLock { $0.total } }

  /// The most bytes that were live at one time since the last `resetPeak`.
  public var peakBytes: Int { counts.withLock { $0.peak } }

  public func resetPeak() { counts.withLock { $0.peak = $0.total } }

  func add(_ bytes: Int, to purpose: Purpose) {
    counts.withLock {
      $0.live[purpose.rawValue] += bytes
      $0.total += bytes
      $0.peak = max($0.peak, $0.total)
    }
  }

  func move(_ bytes: Int, from old: Purpose, to new: Purpose) {
    counts.withLock {
      $0.live[old.rawValue] -= bytes
      $0.live[new.rawValue] += bytes
    }
  }
}
