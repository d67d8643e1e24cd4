import Glibc

/// Writing to the terminal, past every buffer of ours.
enum Console {
  static func output(_ text: String) { write(text, to: STDOUT_FILENO) }
  static func error(_ text: String) { write(text, to: STDERR_FILENO) }

  static func write(_ text: String, to descriptor: Int32) {
    // Lua writes through C's streams; what it wrote comes first.
    fflush(nil)
    var text = text
    text.withUTF8 { bytes in
      var at = 0
      while at < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: at), bytes.count - at)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        at += count
      }
    }
  }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
}
