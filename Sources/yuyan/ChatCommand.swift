import ArgumentParser
import Glibc
import Library
import Processes
import Scripting

/// `yuyan chat`: the conversation of `m:chat()` with a line editor; Ctrl-C stops an answer, not the program.
struct ChatCommand: Command {
  static let configuration = CommandConfiguration(commandName: "yuyan chat", abstract: "Talk to a model.")

  @Argument(help: "A model folder.")
  var folder: String

  /// Gives the function that answers one line and the one that forgets.
  private static let source = """
    local conversation = require("yuyan").model.load(...):conversation()
    local function show(piece) io.write(piece) io.flush() end
    return function(line) conversation:reply(line, show) end, function() conversation:reset() end
    """

  func execute() -> ExitStatus {
    Door.reporting {
      let session = try Library.makeSession()
      do {
        let parts = try session.interpreter.load(Self.source, name: "=chat").call([folder])
        guard parts.count == 2, let reply = parts[0].referenceValue, let reset = parts[1].referenceValue
        else {
          preconditionFailure("the text above returns two functions")
        }
        try talk(reply: LuaCallback(reply), reset: LuaCallback(reset))
      } catch let error as LuaError {
        throw LuaError(kind: error.kind, message: Self.withoutPlace(error.message))
      }
    }
  }

  private func talk(reply: LuaCallback, reset: LuaCallback) throws {
    let isTerminal = Console.isTerminal(STDIN_FILENO)
    let editor: any LineEditor =
      ReadlineEditor.isPossible
      ? ReadlineEditor(history: "chat-history") { _, _, _ in [] } : PlainEditor(showsPrompt: isTerminal)
    if isTerminal {
      Console.output("Empty line or Ctrl-D ends, Ctrl-C stops an answer, /reset forgets what was said.\n")
    }
    while true {
      Interrupt.clear()
      let input = editor.readLine(prompt: "> ")
      if input == .cancelled { continue }
      guard case .line(let line) = input, !line.isEmpty else { return }
      editor.remember(line)
      do {
        if line == "/reset" { try reset.run() } else { try reply.run(line) }
      } catch is Interrupted where isTerminal {}
      if line != "/reset" { Console.output("\n") }
    }
  }

  /// A place is one in the text above, which is none of the user's.
  private static func withoutPlace(_ message: String) -> String {
    guard message.hasPrefix("chat:"), let end = message.firstRange(of: ": ") else { return message }
    return String(message[end.upperBound...])
  }
}
