import Glibc
import Processes
import Synchronization

/// Runs the pieces of one operation on the cores of the machine.
///
/// Where the pieces begin and end depends on the shape alone and every piece writes its own part of the
/// result, so the number of threads never changes a bit. A call made from inside a piece, or while another
/// thread's pieces are running, works through its pieces in place.
public enum Parallel {
  /// How many threads work on one operation, the calling one included: `YUYAN_THREADS`, else the cores this
  /// process may use.
  public static var threads: Int {
    get { threadCount.load(ordering: .relaxed) }
    set { threadCount.store(min(max(newValue, 1), Workers.limit), ordering: .relaxed) }
  }

  /// Runs `body` once for each number below `count`; throws `Interrupted` when the user's wish to stop left
  /// some out.
  ///
  /// The first error of a piece, in the order of the pieces, is thrown; pieces not yet begun are then left
  /// out.
  public static func pieces(_ count: Int, _ body: (Int) throws -> Void) throws {
    let job = Job(count: count, isInterruptible: true)
    let failure = Mutex<(piece: Int, error: any Error)?>(nil)
    job.run { piece in
      do { try body(piece) } catch {
        failure.withLock { if piece < $0?.piece ?? .max { $0 = (piece, error) } }
        job.stop()
      }
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
    if job.wasStopped { throw Interrupted() }
  }

  /// Runs `body` once for each number below `count`, whatever happens: for updates that must not stop half-
  /// way.
  public static func allPieces(_ count: Int, _ body: (Int) -> Void) {
    Job(count: count, isInterruptible: false).run(body)
  }

  /// Cuts `0..<rows` into pieces of about equal work and runs them; throws `Interrupted` when some were left
  /// out.
  ///
  /// - Parameter cost: the work of one row, in elements touched; pieces are made worth the trouble of a
  /// thread.
  public static func rows(_ rows: Int, cost: Int, _ body: (Range<Int>) throws -> Void) throws {
    let size = rowsPerPiece(rows, cost: cost)
    guard size > 0 else { return }
    try pieces((rows + size - 1) / size) { piece in
      try body(piece * size..<min(rows, (piece + 1) * size))
    }
  }

  /// Like `rows`, but never stops half-way.
  public static func allRows(_ rows: Int, cost: Int, _ body: (Range<Int>) -> Void) {
    let size = rowsPerPiece(rows, cost: cost)
    guard size > 0 else { return }
    allPieces((rows + size - 1) / size) { piece in body(piece * size..<min(rows, (piece + 1) * size)) }
  }

  /// The number of rows that `rows` gives each piece (the last may get fewer): a function of its arguments
  /// only.
  public static func rowsPerPiece(_ rows: Int, cost: Int) -> Int {
    guard rows > 0 else { return 0 }
    let cost = max(1, cost)
    let total = rows.multipliedReportingOverflow(by: cost)
    let worthwhile =
      total.overflow ? mostPieces : min(mostPieces, max(1, total.partialValue / elementsPerPiece))
    let size = (rows + worthwhile - 1) / worthwhile
    // Pieces of single elements begin at cache lines.
    return cost < 16 ? (size + 15) / 16 * 16 : size
  }

  private static let elementsPerPiece = 1 << 14
  private static let mostPieces = 64

  private static let threadCount = Atomic<Int>(min(requestedThreads(), Workers.limit))

  private static func requestedThreads() -> Int {
    if let text = getenv("YUYAN_THREADS"), let number = Int(String(cString: text)), number > 0 {
      return number
    }
    return availableCores()
  }

  /// The cores this process may run on: the bits of `Cpus_allowed` in `/proc/self/status`, else all that are
  /// online.
  static func availableCores() -> Int {
    let status = textOfFile("/proc/self/status", limit: 8192) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
    let bits = line?.dropFirst("Cpus_allowed:".count).reduce(0) {
      $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount
    }
    return max(1, bits ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }
}

/// One call's pieces: handed out in order, to whichever thread asks.
final class Job: Sendable {
  private let count: Int
  private let isInterruptible: Bool
  private let next = Atomic<Int>(0)
  private let stopped = Atomic<Bool>(false)

  init(count: Int, isInterruptible: Bool) {
    self.count = count
    self.isInterruptible = isInterruptible
  }

  /// Whether pieces were left out.
  var wasStopped: Bool { stopped.load(ordering: .relaxed) }

  func stop() { stopped.store(true, ordering: .relaxed) }

  /// Runs every piece, with the workers' help where there is more than one.
  func run(_ body: (Int) -> Void) {
    let helpers = min(Parallel.threads, count) - 1
    guard helpers > 0, Workers.shared.help(self, helpers, body) else { return work(body) }
  }

  /// Takes pieces until none is left.
  func work(_ body: (Int) -> Void) {
    while !wasStopped {
      let piece = next.add(1, ordering: .relaxed).oldValue
      guard piece < count else { return }
      if isInterruptible, Interrupt.isRequested { return stop() }
      body(piece)
    }
  }
}
