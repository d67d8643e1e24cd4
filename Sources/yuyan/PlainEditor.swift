@preconcurrency import Glibc
import Processes

/// Lines without editing, for pipes and dumb terminals; shares C's stream with Lua's `io.read`.
final class PlainEditor: LineEditor {
  private let showsPrompt: Bool

  init(showsPrompt: Bool) { self.showsPrompt = showsPrompt }

  func readLine(prompt: String) -> LineInput {
    if showsPrompt { Console.output(prompt) }
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(buffer) }
    let count = getline(&buffer, &capacity, stdin)
    guard count >= 0, let buffer else {
      if Interrupt.isRequested {
        clearerr(stdin)
        Interrupt.clear()
        Console.output("\n")
        return .cancelled
      }
      if showsPrompt { Console.output("\n") }
      return .end
    }
    let bytes = UnsafeBufferPointer(start: buffer, count: count).map { UInt8(bitPattern: $0) }
    let line = String(decoding: bytes, as: UTF8.self)
    return .line(line.hasSuffix("\r\n") || line.hasSuffix("\n") ? String(line.dropLast()) : line)
  }

  func remember(_ input: String) {}
}
