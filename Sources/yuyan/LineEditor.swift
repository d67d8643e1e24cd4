/// What a person at the prompt did.
enum LineInput: Equatable {
  case line(String)
  /// Ctrl-C: forget what was typed.
  case cancelled
  /// Ctrl-D or the end of a pipe.
  case end
}

/// Reads lines from a person or a pipe.
protocol LineEditor: AnyObject {
  func readLine(prompt: String) -> LineInput
  /// Keeps a whole input for later sessions.
  func remember(_ input: String)
}
