import Files
import Foundation
import Testing

/// A started `yuyan` with pipes for its streams, so that a test can signal it at the moment of its choice.
final class Binary {
  /// What a run left behind; `status` is 128 + the signal for a killed process.
  struct Result {
    let status: Int32
    let output: String
    let error: String
    /// From the signal, if there was one, to the end.
    let secondsAfterSignal: Double
  }

  /// The program that was built with these tests: the one beside their bundle, and no other.
  static let path: String = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return FileSystem.folder(of: FileSystem.absolute(bundle)) + "/yuyan"
  }()

  static let stdlib = FileSystem.join(FileSystem.folder(of: #filePath), "../../stdlib")

  private let process = Process()
  private let input = Pipe()
  private let output: Collected
  private let error: Collected
  private var signalled: Date?

  /// - Parameters:
  ///   - environment: variables that are set besides `YUYAN_STDLIB`; an empty text takes one away.
  init(
    _ arguments: [String], in folder: String = "/tmp", input text: String? = nil,
    environment: [String: String] = [:],
    executable: String = Binary.path
  ) throws {
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var variables = ProcessInfo.processInfo.environment
    variables["YUYAN_STDLIB"] = Binary.stdlib
    for (name, value) in environment { variables[name] = value.isEmpty ? nil : value }
    process.environment = variables
    let pipes = (Pipe(), Pipe())
    process.standardOutput = pipes.0
    process.standardError = pipes.1
    process.standardInput = text == nil ? FileHandle.nullDevice : input
    output = Collected(pipes.0.fileHandleForReading)
    error = Collected(pipes.1.fileHandleForReading)
    try process.run()
    if let text {
      input.fileHandleForWriting.write(Data(text.utf8))
      try input.fileHandleForWriting.close()
    }
  }

  /// Runs to the end.
  static func run(
    _ arguments: String..., in folder: String = "/tmp", input: String? = nil,
    environment: [String: String] = [:],
    executable: String = Binary.path
  ) throws -> Result {
    try Binary(arguments, in: folder, input: input, environment: environment, executable: executable).wait()
  }

  func signal(_ number: Int32) {
    signalled = Date()
    kill(process.processIdentifier, number)
  }

  var isRunning: Bool { process.isRunning }

  /// Stops it where it is; false when it has ended.
  func halt() -> Bool {
    signal(SIGSTOP)
    while process.isRunning {
      let line = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
      switch line?.split(separator: ")").last?.split(separator: " ").first {
      case "T": return true
      case "Z", nil: return false
      default: usleep(20)
      }
    }
    return false
  }

  /// Waits until the output or a file says so.
  func until(seconds: Double = 60, _ condition: () -> Bool) throws {
    let end = Date(timeIntervalSinceNow: seconds)
    while !condition() {
      guard process.isRunning, Date() < end else {
        throw Unexpected(description: "the moment never came: \(output.text) \(error.text)")
      }
      usleep(2000)
    }
  }

  /// Waits until it has printed a text on one of its streams.
  func untilPrinted(_ text: String) throws {
    try until { output.text.contains(text) || error.text.contains(text) }
  }

  func wait(seconds: Double = 120) throws -> Result {
    let end = Date(timeIntervalSinceNow: seconds)
    while process.isRunning && Date() < end { usleep(2000) }
    let taken = signalled.map { Date().timeIntervalSince($0) } ?? 0
    if process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      throw Unexpected(description: "still running after \(seconds) s: \(output.text) \(error.text)")
    }
    let status = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
    return Result(status: status, output: output.all(), error: error.all(), secondsAfterSignal: taken)
  }
}

struct Unexpected: Error, CustomStringConvertible { let description: String }

/// What came out of a pipe or terminal so far.
final class Collected: @unchecked Sendable {
  // Unchecked: the lock guards the bytes.
  private let lock = NSLock()
  private var bytes = Data()
  private let ended = DispatchSemaphore(value: 0)

  init(_ handle: FileHandle) {
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 1 << 14)
      while case let count = read(handle.fileDescriptor, &buffer, buffer.count), count > 0 {
        lock.withLock { bytes.append(contentsOf: buffer[..<count]) }
      }
      ended.signal()
    }
  }

  var text: String { lock.withLock { String(decoding: bytes, as: UTF8.self) } }

  func all() -> String {
    _ = ended.wait(timeout: .now() + 2)
    return text
  }
}
