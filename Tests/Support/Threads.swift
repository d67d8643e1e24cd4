import Foundation
import Tensors

/// One test at a time sets the number of threads, which belongs to the whole process.
private let threadsLock = NSRecursiveLock()

/// Runs `body` with a number of threads; other callers wait, and what `body` sets is put back.
@discardableResult
public func withThreads<R>(_ threads: Int, _ body: () throws -> R) rethrows -> R {
  threadsLock.lock()
  let before = Parallel.threads
  Parallel.threads = threads
  defer {
    Parallel.threads = before
    threadsLock.unlock()
  }
  return try body()
}
