import ArgumentParser
import Library
import Scripting

/// The sub-commands; each is a file of its own.
enum Commands {
  static func run(_ name: String, _ arguments: [String]) -> ExitStatus {
    switch name {
    case "run": execute(RunCommand.self, arguments)
    case "chat": execute(ChatCommand.self, arguments)
    case "convert": execute(ConvertCommand.self, arguments)
    case "doctor": execute(DoctorCommand.self, arguments)
    default: execute(HelpCommand.self, arguments)
    }
  }

  private static func execute<C: Command>(_ type: C.Type, _ arguments: [String]) -> ExitStatus {
    do {
      guard let command = try type.parseAsRoot(arguments) as? C else { return .done }
      return command.execute()
    } catch {
      let message = type.fullMessage(for: error)
      guard type.exitCode(for: error).isSuccess else {
        Console.error(message.replacing("Error: ", with: "yuyan: ", maxReplacements: 1) + "\n")
        return .wrongUsage
      }
      Console.output(message + "\n")
      return .done
    }
  }
}

/// A sub-command that says how it ended.
protocol Command: ParsableCommand {
  func execute() -> ExitStatus
}
