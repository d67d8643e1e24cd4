import Glibc
import Library
import Processes
import Scripting

/// The prompt: reads inputs until they are complete, runs them, shows their values.
struct REPL {
  private let evaluator: Evaluator
  private let editor: any LineEditor
  private let isInteractive: Bool
  private let greets: Bool

  init(_ evaluator: Evaluator, greets: Bool) {
    self.evaluator = evaluator
    self.greets = greets
    let isTerminal = Console.isTerminal(STDIN_FILENO)
    isInteractive = isTerminal
    if ReadlineEditor.isPossible {
      let completion = REPLCompletion(evaluator)
      editor = ReadlineEditor { completion.words(in: $0, from: $1, to: $2) }
    } else {
      editor = PlainEditor(showsPrompt: isTerminal)
    }
  }

  /// - Returns: at a terminal `.done`; for a pipe `.failed` when an input of it failed.
  func run() -> ExitStatus {
    if isInteractive && greets {
      Console.output("yuyan \(Library.version), Lua 5.4. help(yy) tells what there is; Ctrl-D leaves.\n")
    }
    var status = ExitStatus.done
    var number = 0
    while let input = nextInput() {
      guard input.contains(where: { !$0.isWhitespace }) else { continue }
      editor.remember(input)
      number += 1
      do {
        try Door.show(try evaluator.evaluate(input, name: "input \(number)"))
      } catch {
        Console.error("\(error)\n")
        status = .failed
      }
    }
    return isInteractive ? .done : status
  }

  /// A complete input, or one that can never be complete; nil at the end.
  private func nextInput() -> String? {
    var input = ""
    while true {
      Interrupt.clear()
      switch editor.readLine(prompt: input.isEmpty ? "> " : ">> ") {
      case .cancelled:
        input = ""
      case .end:
        return input.isEmpty ? nil : input
      case .line(let line):
        input += input.isEmpty ? line : "\n" + line
        if evaluator.completeness(of: input) != .incomplete { return input }
      }
    }
  }
}
