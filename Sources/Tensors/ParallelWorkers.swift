import Glibc
import Synchronization

/// The worker threads: started when first needed, kept for good, asleep when there is nothing to do.
///
/// One job runs at a time. `ticket` holds the job's number, how many workers it wants, whether it is open,
/// and how many have joined it; a worker that wakes too late finds it closed, so nobody waits for sleepers.
final class Workers: @unchecked Sendable {
  static let shared = Workers()
  /// The most threads, the calling one included.
  static let limit = 256

  private let isBusy = Atomic<Bool>(false)
  private let ticket = Atomic<UInt64>(0)  // see `Ticket`
  private let finished = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let isCallerAsleep = Atomic<Bool>(false)

  // Written by the caller before it opens the ticket, read by workers that have joined.
  private var job: Job?
  private var body: UnsafePointer<(Int) -> Void>?
  private var started = 0

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private let done: UnsafeMutablePointer<pthread_cond_t>

  /// How often a thread offers its core to others before it sleeps: about a millisecond, longer than the steps
  /// between two jobs of a training pass, so that a worker is awake when the next one comes.
  private static let spins = 2000

  private init() {
    mutex = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    done = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    pthread_cond_init(done, nil)
  }

  /// Works through `job` together with up to `helpers` workers; false when the workers are another call's.
  func help(_ job: Job, _ helpers: Int, _ body: (Int) -> Void) -> Bool {
    guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
      return false
    }
    startThreads(upTo: helpers)
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        self.job = job
        self.body = pointer
        finished.store(0, ordering: .relaxed)
        let opened = Ticket(bits: ticket.load(ordering: .relaxed)).next(places: helpers)
        ticket.store(opened.bits, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
          pthread_mutex_lock(mutex)
          pthread_cond_broadcast(wake)
          pthread_mutex_unlock(mutex)
        }
        job.work(pointer.pointee)
        let last = ticket.exchange(opened.closed.bits, ordering: .sequentiallyConsistent)
        waitUntilFinished(Ticket(bits: last).joined)
        self.job = nil
        self.body = nil
      }
    }
    isBusy.store(false, ordering: .releasing)
    return true
  }

  private func waitUntilFinished(_ joined: Int) {
    for _ in 0..<Self.spins {
      if finished.load(ordering: .acquiring) == joined { return }
      sched_yield()
    }
    pthread_mutex_lock(mutex)
    isCallerAsleep.store(true, ordering: .sequentiallyConsistent)
    while finished.load(ordering: .sequentiallyConsistent) != joined { pthread_cond_wait(done, mutex) }
    isCallerAsleep.store(false, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }

  // MARK: - The workers' side

  private func startThreads(upTo count: Int) {
    while started < count {
      var thread = pthread_t()
      var all = sigset_t()
      var before = sigset_t()
      // Signals are the main thread's business.
      sigfillset(&all)
      pthread_sigmask(SIG_SETMASK, &all, &before)
      let status = pthread_create(&thread, nil, { _ in Workers.shared.serve() }, nil)
      pthread_sigmask(SIG_SETMASK, &before, nil)
      // Without more threads the caller does the work itself.
      guard status == 0 else { return }
      pthread_detach(thread)
      started += 1
    }
  }

  private func serve() -> UnsafeMutableRawPointer? {
    var last: UInt64 = 0
    while true {
      let number = waitForJob(after: last)
      if join(number) {
        takePieces()
        finish()
      }
      last = number
    }
  }

  /// Waits for an open job other than `last`: spins briefly, then sleeps.
  private func waitForJob(after last: UInt64) -> UInt64 {
    func opened() -> UInt64? {
      let now = Ticket(bits: ticket.load(ordering: .sequentiallyConsistent))
      return now.isOpen && now.number != last ? now.number : nil
    }
    for _ in 0..<Self.spins {
      if let number = opened() { return number }
      sched_yield()
    }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
    while true {
      if let number = opened() { return number }
      pthread_cond_wait(wake, mutex)
    }
  }

  /// Takes a place in a job; false when it is closed or has all the workers it wants.
  private func join(_ number: UInt64) -> Bool {
    var now = Ticket(bits: ticket.load(ordering: .acquiring))
    while now.isOpen, now.number == number, now.joined < now.places {
      let attempt = ticket.compareExchange(
        expected: now.bits, desired: now.bits + 1, ordering: .acquiringAndReleasing)
      if attempt.exchanged { return true }
      now = Ticket(bits: attempt.original)
    }
    return false
  }

  @inline(never)
  private func takePieces() {
    guard let job, let body else { return }
    job.work(body.pointee)
  }

  private func finish() {
    finished.add(1, ordering: .sequentiallyConsistent)
    if isCallerAsleep.load(ordering: .sequentiallyConsistent) {
      pthread_mutex_lock(mutex)
      pthread_cond_signal(done)
      pthread_mutex_unlock(mutex)
    }
  }
}

/// The state of the one job, in a word: number << 32 | places << 17 | open << 16 | joined.
private struct Ticket {
  var bits: UInt64

  var number: UInt64 { bits >> 32 }
  var places: Int { Int(bits >> 17 & 0x7fff) }
  var isOpen: Bool { bits & 1 << 16 != 0 }
  var joined: Int { Int(bits & 0xffff) }

  /// The next job's ticket, open.
  func next(places: Int) -> Ticket { Ticket(bits: (number &+ 1) << 32 | UInt64(places) << 17 | 1 << 16) }
  /// The same job, which nobody may join any more.
  var closed: Ticket { Ticket(bits: number << 32) }
}
