import ArgumentParser
import Library
import Scripting

/// `yuyan chat`: the conversation of `m:chat()` without a line of Lua.
struct ChatCommand: Command {
  static let configuration = CommandConfiguration(commandName: "yuyan chat", abstract: "Talk to a model.")

  @Argument(help: "A model folder.")
  var folder: String

  func execute() -> ExitStatus {
    Door.reporting {
      let evaluator = try Library.makeSession()
      try evaluator.evaluate("yy.model.load(...):chat();", name: "chat", arguments: [folder])
    }
  }
}
