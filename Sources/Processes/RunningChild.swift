import Glibc

/// A started child, its pipes and what came out of them so far.
struct RunningChild {
  private let name: String
  private let process: pid_t
  private var input: [UInt8]
  private var written = 0
  private var inputPipe: Int32 = -1
  private var outputPipe: Int32 = -1
  private var errorPipe: Int32 = -1
  private var output: [UInt8] = []
  private var errorOutput: [UInt8] = []

  /// Starts the child.
  ///
  /// Only one thread at a time may do this, or else a child could inherit the pipes of
  /// another.
  init(
    name: String, path: String, arguments: [String], input: [UInt8]?, inheritOutput: Bool,
    signalMask: sigset_t
  ) throws {
    self.name = name
    self.input = input ?? []
    var childEnds: [Int32] = []
    var ourEnds: [Int32] = []
    func fail(_ code: Int32) -> ProcessError {
      ourEnds.forEach { _ = Glibc.close($0) }
      return ProcessError(executable: name, reason: String(cString: strerror(code)))
    }
    defer { childEnds.forEach { _ = Glibc.close($0) } }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    func connect(_ descriptor: Int32, reading: Bool) throws -> Int32 {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw fail(errno) }
      ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
      let (ours, theirs) = reading ? (ends[0], ends[1]) : (ends[1], ends[0])
      childEnds.append(theirs)
      ourEnds.append(ours)
      _ = fcntl(ours, F_SETFL, O_NONBLOCK)
      posix_spawn_file_actions_adddup2(&actions, theirs, descriptor)
      return ours
    }
    if input != nil {
      inputPipe = try connect(0, reading: false)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if !inheritOutput {
      outputPipe = try connect(1, reading: true)
      errorPipe = try connect(2, reading: true)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = signalMask
    var defaults = sigset_t()
    sigemptyset(&defaults)
    [SIGINT, SIGQUIT, SIGTERM, SIGPIPE].forEach { _ = sigaddset(&defaults, $0) }
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var words: [UnsafeMutablePointer<CChar>?] = ([name] + arguments).map { strdup($0) }
    words.append(nil)
    defer { words.forEach { free($0) } }
    var started: pid_t = 0
    let code = posix_spawn(&started, path, &actions, &attributes, words, environ)
    guard code == 0 else { throw fail(code) }
    process = started
  }

  /// Waits for the end; `isStopped` is asked every few milliseconds.
  mutating func wait(timeout: Double?, isStopped: () -> Bool) throws -> ChildProcess.Result {
    let end = timeout.map { Self.now() + $0 }
    defer { closeAll() }
    if input.isEmpty { Self.close(&inputPipe) }
    var status: Int32 = 0
    while true {
      pump(milliseconds: 5)
      if waitpid(process, &status, WNOHANG) == process { break }
      if isStopped() {
        kill()
        throw Interrupted()
      }
      if let end, let timeout, Self.now() > end {
        kill()
        throw ProcessError(executable: name, reason: "stopped after \(timeout) seconds")
      }
    }
    Self.close(&inputPipe)
    // What the child wrote is in the pipes already; only a grandchild could keep them open for longer.
    let grace = Self.now() + 0.1
    while (outputPipe >= 0 || errorPipe >= 0) && Self.now() < grace {
      if pump(milliseconds: 5) == 0 && Self.now() > grace { break }
    }
    let signal = status & 0x7f
    return .init(
      status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: output, errorOutput: errorOutput)
  }

  /// Moves what can be moved through the pipes; returns the bytes read.
  @discardableResult
  private mutating func pump(milliseconds: Int32) -> Int {
    // A negative descriptor is skipped by poll.
    var waiting = [
      pollfd(fd: inputPipe, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: outputPipe, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errorPipe, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&waiting, 3, milliseconds) > 0 else { return 0 }
    if waiting[0].revents != 0 { feed() }
    var count = 0
    if waiting[1].revents != 0 { count += Self.drain(&outputPipe, into: &output) }
    if waiting[2].revents != 0 { count += Self.drain(&errorPipe, into: &errorOutput) }
    return count
  }

  private mutating func feed() {
    let count = input.withUnsafeBytes { bytes in
      write(inputPipe, bytes.baseAddress.map { $0 + written }, min(bytes.count - written, 65536))
    }
    if count > 0 { written += count }
    let failed = count < 0 && errno != EAGAIN && errno != EINTR
    if failed || written == input.count { Self.close(&inputPipe) }
  }

  private static func drain(_ pipe: inout Int32, into bytes: inout [UInt8]) -> Int {
    let count = withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 8) { buffer in
      let count = read(pipe, buffer.baseAddress, buffer.count)
      if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
      return count
    }
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { close(&pipe) }
    return max(count, 0)
  }

  /// Ends the whole group: asks first, and insists a moment later.
  private func kill() {
    var status: Int32 = 0
    Glibc.kill(-process, SIGTERM)
    let insist = Self.now() + 0.05
    var ended = false
    while !ended && Self.now() < insist {
      ended = waitpid(process, &status, WNOHANG) == process
      if !ended { usleep(2000) }
    }
    Glibc.kill(-process, SIGKILL)
    if !ended { _ = waitpid(process, &status, 0) }
  }

  private mutating func closeAll() {
    Self.close(&inputPipe)
    Self.close(&outputPipe)
    Self.close(&errorPipe)
  }

  private static func close(_ pipe: inout Int32) {
    if pipe >= 0 { _ = Glibc.close(pipe) }
    pipe = -1
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
