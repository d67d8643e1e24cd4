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
      let session = try Library.makeSession()
      let chat = try session.interpreter.load("require('yuyan').model.load(...):chat()", name: "=chat")
      do { try chat.run(folder) } catch let error as LuaError {
        // The place is one in the line above, which is none of the user's.
        let place = "chat:1: "
        let message =
          error.message.hasPrefix(place) ? String(error.message.dropFirst(place.count)) : error.message
        throw LuaError(kind: error.kind, message: message)
      }
    }
  }
}
