import Files
import Glibc
import Library
import Processes
import Scripting

/// Reads the command line: a sub-command, a script, code after `-e`, or nothing, which is the REPL.
struct Door {
  static let commands = ["run", "chat", "convert", "doctor", "help"]

  private var code: [String] = []
  private var staysOpen = false
  private var script: (path: String, arguments: [String])?

  static func open(_ arguments: [String]) -> ExitStatus {
    setlocale(LC_ALL, "")
    setlocale(LC_NUMERIC, "C")
    if let command = arguments.first, commands.contains(command) {
      return Commands.run(command, Array(arguments.dropFirst()))
    }
    var door = Door()
    if let status = door.read(arguments) { return status }
    return door.enter()
  }

  /// - Returns: a status when everything is said already.
  private mutating func read(_ arguments: [String]) -> ExitStatus? {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--version", "-v":
        Console.output("yuyan \(Library.version)\n")
        return .done
      case "--help", "-h":
        Console.output(Usage.text)
        return .done
      case "-i":
        staysOpen = true
      case "-e":
        guard let text = rest.popFirst() else { return Self.wrongUsage("-e needs code after it") }
        code.append(text)
      case "--":
        guard let path = rest.popFirst() else { return nil }
        script = (path, Array(rest))
        return nil
      case _ where argument.hasPrefix("-") && argument != "-":
        if argument.hasPrefix("-e"), !argument.hasPrefix("--") {
          code.append(String(argument.dropFirst(2)))
          continue
        }
        let options = ["-e", "-i", "--version", "--help"]
        return Self.wrongUsage(
          "unknown option '\(argument)'" + Self.suggestion(for: argument, among: options))
      default:
        if argument != "-", !FileSystem.exists(argument), !argument.hasSuffix(".lua"), !argument.contains("/")
        {
          return Self.wrongUsage(
            "no command and no file is called '\(argument)'"
              + Self.suggestion(for: argument, among: Self.commands))
        }
        script = (argument, Array(rest))
        return nil
      }
    }
    return nil
  }

  private static func suggestion(for name: String, among names: [String]) -> String {
    Nearest.name(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
  }

  static func wrongUsage(_ message: String) -> ExitStatus {
    Console.error("yuyan: \(message)\n`yuyan --help` shows the commands\n")
    return .wrongUsage
  }

  private func enter() -> ExitStatus {
    let evaluator: Evaluator
    do {
      evaluator = try Library.makeSession()
    } catch {
      Console.error("yuyan: \(error)\n")
      return .failed
    }
    var status = ExitStatus.done
    for text in code where status == .done {
      status = Self.reporting { try Self.show(try evaluator.evaluate(text, name: "(command line)")) }
    }
    if let script, status == .done {
      status = Self.reporting {
        let source = script.path == "-" ? try Self.standardInput() : try FileSystem.read(script.path)
        try evaluator.runScript(source, path: script.path, arguments: script.arguments)
      }
    }
    if staysOpen || code.isEmpty && script == nil {
      status = REPL(evaluator, greets: code.isEmpty && script == nil).run()
    }
    for message in evaluator.finish() { Console.error("yuyan: \(message)\n") }
    fflush(nil)
    return status
  }

  static func show(_ display: DisplayData?) throws {
    guard let display else { return }
    let text = display.plainText
    Console.output(text.hasSuffix("\n") ? text : text + "\n")
  }

  /// Runs a body and tells of its error as `yuyan: …` on standard error.
  static func reporting(_ body: () throws -> Void) -> ExitStatus {
    do {
      try body()
      return .done
    } catch let failure as EvaluationFailure {
      Console.error("yuyan: \(failure)\n")
      return failure.kind == .interrupted ? .interrupted : .failed
    } catch is Interrupted {
      Console.error("yuyan: interrupted\n")
      return .interrupted
    } catch {
      Console.error("yuyan: \(error)\n")
      return .failed
    }
  }

  private static func standardInput() throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path: "standard input", code: errno) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
