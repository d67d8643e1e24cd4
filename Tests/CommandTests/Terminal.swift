import Foundation
import TestSupport
import Testing

/// `yuyan` at a terminal of its own (80 columns), with a home that nobody else uses.
final class Terminal {
  private let process = Process()
  private let main: FileHandle
  private let home: TemporaryFolder
  private let shown: Collected

  init(_ arguments: [String] = [], home: TemporaryFolder, kind: String = "xterm") throws {
    self.home = home
    var (descriptor, end): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    guard openpty(&descriptor, &end, nil, nil, &size) == 0 else {
      throw Unexpected(description: "no terminal: \(String(cString: strerror(errno)))")
    }
    main = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let other = FileHandle(fileDescriptor: end, closeOnDealloc: true)
    // The terminal must be the session's own, or Ctrl-C would be a plain byte.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
    process.arguments = ["--ctty", "--wait", Binary.path] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      [
        "TERM": kind, "HOME": home.path, "YUYAN_STDLIB": Binary.stdlib, "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": "",
      ]
    ) { $1 }
    process.standardInput = other
    process.standardOutput = other
    process.standardError = other
    try process.run()
    try other.close()
    shown = Collected(main)
  }

  /// All that was shown so far, without control sequences.
  var screen: String {
    // A carriage return and a line feed are one character to Swift; the return goes first.
    let text = String(String.UnicodeScalarView(shown.text.unicodeScalars.filter { $0 != "\r" }))
    return text.replacing(#/\u{1B}\[[0-9;?]*[A-Za-z]|\u{1B}[=>]|\u{07}/#, with: "")
  }

  func type(_ text: String) { main.write(Data(text.utf8)) }

  /// Waits until something new is shown; only what follows it counts the next time.
  @discardableResult
  func expect(_ text: String, seconds: Double = 20) throws -> Double {
    let start = Date()
    while true {
      let all = screen
      if let found = all[all.index(all.startIndex, offsetBy: min(seen, all.count))...].firstRange(of: text) {
        seen = all.distance(from: all.startIndex, to: found.upperBound)
        return Date().timeIntervalSince(start)
      }
      guard Date().timeIntervalSince(start) < seconds else {
        throw Unexpected(description: "'\(text)' never came; the screen: \(all)")
      }
      usleep(2000)
    }
  }
  private var seen = 0

  /// Waits for the end and gives its status.
  ///
  /// Ctrl-D means the end only where a prompt was seen: before, it is a byte that the terminal swallows.
  func wait(seconds: Double = 60) throws -> Int32 {
    let end = Date(timeIntervalSinceNow: seconds)
    while process.isRunning && Date() < end { usleep(2000) }
    guard !process.isRunning else {
      process.terminate()
      throw Unexpected(description: "still running after \(seconds) s; the screen: \(screen)")
    }
    return process.terminationStatus
  }
}
