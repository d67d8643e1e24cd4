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
    guard let name else {
      Console.output(Usage.text + "\n")
      return Door.reporting {
        try Door.show(try Library.makeSession().evaluate("help(yy)", name: "help"))
      }
    }
    return Door.reporting {
      try Door.show(try Library.makeSession().evaluate("help(...)", name: "help", arguments: [name]))
    }
  }
}
