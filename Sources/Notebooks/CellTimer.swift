import Glibc
import Scripting
import Synchronization

/// Interrupts the code of the thread that made it when a cell takes too long.
final class CellTimer {
  /// What both threads see.
  private final class Watch: Sendable {
    let seconds: Double
    let handle: InterruptHandle
    let fired = Atomic<Bool>(false)
    let cancelled = Atomic<Bool>(false)

    init(seconds: Double, handle: InterruptHandle) {
      self.seconds = seconds
      self.handle = handle
    }

    func run() {
      var left = seconds
      while left > 0 {
        if cancelled.load(ordering: .acquiring) { return }
        let step = min(left, 0.02)
        usleep(UInt32(step * 1e6))
        left -= step
      }
      if cancelled.load(ordering: .acquiring) { return }
      fired.store(true, ordering: .releasing)
      handle.interrupt()
    }
  }

  private let watch: Watch
  private var thread = pthread_t()
  private let isRunning: Bool

  /// Whether the time ran out before `cancel()`.
  var hasFired: Bool { watch.fired.load(ordering: .acquiring) }

  init(seconds: Double, handle: InterruptHandle) {
    watch = Watch(seconds: seconds, handle: handle)
    let argument = Unmanaged.passRetained(watch)
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Watch>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, argument.toOpaque())
    isRunning = status == 0
    if !isRunning { argument.release() }
  }

  /// Ends the wait; nothing is interrupted after it returns.
  func cancel() {
    watch.cancelled.store(true, ordering: .releasing)
    if isRunning { pthread_join(thread, nil) }
  }
}
