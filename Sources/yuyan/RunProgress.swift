import Glibc
import Notebooks

/// One line for each cell on standard error, with its time.
struct RunProgress {
  private let isTerminal = Console.isTerminal(STDERR_FILENO)

  func show(_ event: NotebookRunner.Event) {
    switch event {
    case .started(let cell, let count, let title):
      if isTerminal { Console.error(line(cell, count, "…", title)) }
    case .finished(let cell, let count, let title, let seconds):
      Console.error((isTerminal ? "\r\u{1B}[K" : "") + line(cell, count, time(seconds), title) + "\n")
    case .skipped(let cell, let count, let title):
      Console.error(line(cell, count, "skipped", title) + "\n")
    case .failed(let cell, let count, let failure, let source, let seconds):
      Console.error((isTerminal ? "\r\u{1B}[K" : "") + line(cell, count, time(seconds), "failed") + "\n\n")
      let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
      let width = String(lines.count).count
      for (number, text) in lines.enumerated() {
        let label = String(number + 1)
        Console.error("  \(String(repeating: " ", count: width - label.count))\(label) | \(text)\n")
      }
      Console.error("\n\(failure.joined(separator: "\n"))\n\n")
    }
  }

  func end(_ outcome: NotebookRunner.Outcome, paths: [String]) {
    let words =
      switch outcome {
      case .done: "done"
      case .failed: "stopped at an error"
      case .interrupted: "interrupted"
      }
    Console.error("\(words): \(paths.joined(separator: ", "))\n")
  }

  private func line(_ cell: Int, _ count: Int, _ time: String, _ title: String) -> String {
    let total = String(count)
    let number = String(cell)
    let pad = String(repeating: " ", count: max(0, total.count - number.count))
    let gap = String(repeating: " ", count: max(1, 10 - time.count))
    let head = "[\(pad)\(number)/\(total)]\(gap)\(time)  "
    return head + Columns.fitting(title, Columns.terminal - 1 - head.count)
  }

  private func time(_ seconds: Double) -> String {
    if seconds < 60 { return "\((seconds * 100).rounded() / 100) s" }
    return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  }
}
