@preconcurrency import CReadline
import Files
@preconcurrency import Glibc
import Processes

/// GNU readline: history, several lines, completion; Ctrl-C clears the line.
///
/// readline is driven by its callback interface, so that the wait for keys is ours: an interrupt comes back from `pselect`
/// and no jump ever crosses a Swift frame.
final class ReadlineEditor: LineEditor {
  /// The lines that readline's callback delivers; readline knows no context pointer.
  private enum Delivery {
    nonisolated(unsafe) static var input: LineInput?
    nonisolated(unsafe) static var complete: ((_ line: String, _ start: Int, _ end: Int) -> [String])?
  }

  private let historyPath: String?

  /// Whether both ends are a terminal that can move its cursor.
  static var isPossible: Bool {
    let kind = getenv("TERM").map { String(cString: $0) } ?? "dumb"
    let isTerminal = Console.isTerminal(STDIN_FILENO) && Console.isTerminal(STDOUT_FILENO)
    return isTerminal && kind != "dumb" && !kind.isEmpty
  }

  /// - Parameters:
  ///   - history: the name of the file that keeps what was typed.
  ///   - complete: the words that may stand at a place (byte offsets) of a line.
  init(
    history: String = "history", complete: @escaping (_ line: String, _ start: Int, _ end: Int) -> [String]
  ) {
    historyPath = Self.makeHistoryPath(history)
    Delivery.complete = complete
    rl_readline_name = UnsafePointer(strdup("yuyan"))
    rl_catch_signals = 0
    rl_completer_word_break_characters = UnsafePointer(strdup(" \t\n\"\\'`@$><=;|&{(+-*/%^#~,)}[]"))
    rl_attempted_completion_function = { _, start, end in
      rl_attempted_completion_over = 1
      rl_completion_append_character = 0
      let line = rl_line_buffer.map { String(cString: $0) } ?? ""
      return ReadlineEditor.matches(Delivery.complete?(line, Int(start), Int(end)) ?? [])
    }
    using_history()
    history_comment_char = CChar(UInt8(ascii: "#"))
    history_write_timestamps = 1
    stifle_history(20000)
    if let historyPath { read_history(historyPath) }
  }

  /// The array that readline frees: the common beginning first, then each match.
  private static func matches(_ words: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    guard let first = words.first else { return nil }
    var common = Substring(first)
    for word in words { while !word.hasPrefix(common) { common.removeLast() } }
    let list = words.count == 1 ? [first] : [String(common)] + words
    guard let array = calloc(list.count + 1, MemoryLayout<UnsafeMutablePointer<CChar>?>.stride) else {
      return nil
    }
    let typed = array.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: list.count + 1)
    for (index, word) in list.enumerated() { typed[index] = strdup(word) }
    return typed
  }

  func readLine(prompt: String) -> LineInput {
    fflush(nil)
    Delivery.input = nil
    rl_callback_handler_install(prompt) { line in
      if let line {
        Delivery.input = .line(String(cString: line))
        free(line)
      } else {
        Delivery.input = .end
      }
      rl_callback_handler_remove()
    }
    // Ctrl-C can come at any moment; blocked outside of the wait, it cannot come just before it and be missed.
    var interrupt = sigset_t()
    var before = sigset_t()
    sigemptyset(&interrupt)
    sigaddset(&interrupt, SIGINT)
    pthread_sigmask(SIG_BLOCK, &interrupt, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    sigdelset(&before, SIGINT)
    while Delivery.input == nil {
      var input = fd_set()
      input.__fds_bits.0 = 1  // standard input
      let ready = Interrupt.isRequested ? 0 : pselect(STDIN_FILENO + 1, &input, nil, nil, nil, &before)
      if Interrupt.isRequested {
        Interrupt.clear()
        rl_callback_sigcleanup()
        rl_callback_handler_remove()
        Console.output("^C\n")
        return .cancelled
      }
      if ready < 0 {
        if errno == EINTR { rl_resize_terminal() }
        continue
      }
      rl_callback_read_char()
    }
    return Delivery.input ?? .end
  }

  func remember(_ input: String) {
    guard input.contains(where: { !$0.isWhitespace }) else { return }
    add_history(input)
    guard let historyPath else { return }
    if append_history(1, historyPath) != 0 { write_history(historyPath) }
  }

  /// A file in `$XDG_STATE_HOME/yuyan`, by default below `~/.local/state`; nil when there is no such place.
  private static func makeHistoryPath(_ name: String) -> String? {
    func variable(_ name: String) -> String? {
      getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    guard let state = variable("XDG_STATE_HOME") ?? variable("HOME").map({ $0 + "/.local/state" }) else {
      return nil
    }
    let folder = FileSystem.join(state, "yuyan")
    guard (try? FileSystem.makeFolders(folder)) != nil else { return nil }
    let path = FileSystem.join(folder, name)
    if !FileSystem.exists(path) {
      let descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND, 0o600)
      if descriptor >= 0 { close(descriptor) }
    }
    return path
  }
}
