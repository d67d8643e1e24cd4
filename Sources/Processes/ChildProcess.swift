import Glibc
import Synchronization

/// A child process could not be started or did not end in time.
public struct ProcessError: Error, Equatable, CustomStringConvertible {
  public let executable: String
  public let reason: String

  public init(executable: String, reason: String) {
    self.executable = executable
    self.reason = reason
  }

  public var description: String { "\(executable): \(reason)" }
}

/// Runs another program to its end, in a process group of its own.
///
/// The wait watches `Interrupt`, so Ctrl-C ends the child with all its own children, and it never depends on
/// the pipes alone: a grandchild that keeps one open cannot hold it up.
public struct ChildProcess {
  /// What a child left behind; `status` is its exit status, or 128 + the signal that ended it.
  public struct Result: Sendable {
    public let status: Int32
    public let output: [UInt8]
    public let errorOutput: [UInt8]
  }

  /// Runs `executable` (a path, or a name looked up in PATH) and waits for it.
  ///
  /// - Parameters:
  ///   - input: its standard input; none means `/dev/null`.
  ///   - inheritOutput: leave both outputs on ours instead of collecting them.
  ///   - timeout: seconds until it is killed.
  /// - Throws: `ProcessError` when it cannot start or takes too long, `Interrupted`.
  public static func run(
    _ executable: String, _ arguments: [String] = [], input: [UInt8]? = nil, inheritOutput: Bool = false,
    timeout: Double? = nil
  ) throws -> Result {
    try Interrupt.check()
    return try run(
      executable, arguments, input: input, inheritOutput: inheritOutput, timeout: timeout,
      isStopped: { Interrupt.isRequested })
  }

  static func run(
    _ executable: String, _ arguments: [String], input: [UInt8]? = nil, inheritOutput: Bool = false,
    timeout: Double? = nil, isStopped: () -> Bool
  ) throws -> Result {
    guard let path = find(executable) else {
      let reason = executable.utf8.contains(UInt8(ascii: "/")) ? "no such program" : "not found in PATH"
      throw ProcessError(executable: executable, reason: reason)
    }
    return try PipeSignal.blocked { mask in
      var child = try starting.withLock { _ in
        try RunningChild(
          name: executable, path: path, arguments: arguments, input: input, inheritOutput: inheritOutput,
          signalMask: mask)
      }
      return try child.wait(timeout: timeout, isStopped: isStopped)
    }
  }

  private static let starting = Mutex<Void>(())

  /// The file that the shell would run for `name`, if there is one.
  public static func find(_ name: String) -> String? {
    if name.utf8.contains(UInt8(ascii: "/")) { return isProgram(name) ? name : nil }
    guard !name.isEmpty else { return nil }
    let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    for folder in folders.split(separator: ":", omittingEmptySubsequences: false) {
      let path = (folder.isEmpty ? "." : String(folder)) + "/" + name
      if isProgram(path) { return path }
    }
    return nil
  }

  private static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }
}

/// Keeps SIGPIPE away from this thread while it writes to a child that may have closed its input.
private enum PipeSignal {
  static func blocked<R>(_ body: (sigset_t) throws -> R) rethrows -> R {
    var pipe = sigset_t()
    var before = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    defer {
      if sigismember(&before, SIGPIPE) == 0 {
        var none = timespec(tv_sec: 0, tv_nsec: 0)
        while sigtimedwait(&pipe, nil, &none) == SIGPIPE {}
      }
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    return try body(before)
  }
}
