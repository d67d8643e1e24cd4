import ArgumentParser
import Library
import Scripting

/// `yuyan help`: what `help(NAME)` says in a session.
struct HelpCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "yuyan help", abstract: "The reference, in the terminal.",
    discussion: "For example: yuyan help yy.data.text")

  @Argument(help: "A module, function or method; without it the commands and modules are listed.")
  var name: String?

  func execute() -> ExitStatus {
    var status = ExitStatus.done
    let outcome = Door.reporting {
      let interpreter = try Library.makeSession().interpreter
      if let text = try Help.text(named: name ?? "yy", in: interpreter) {
        Console.output((name == nil ? Usage.text + "\n" : "") + text + "\n")
      } else {
        Console.error("yuyan: \(Help.unknown(name ?? "", in: interpreter))\n")
        status = .wrongUsage
      }
    }
    return outcome == .done ? status : outcome
  }
}
