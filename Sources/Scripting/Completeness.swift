/// Whether an input can run, needs more lines, or can never be right.
public enum Completeness: Equatable, Sendable {
  case complete
  case incomplete
  case invalid
}

extension Evaluator {
  /// Judges an input by its text alone; nothing runs.
  ///
  /// A line end is appended first: an open string cannot be continued on the next line, though Lua says `<eof>` of it
  /// when no line end follows.
  public func completeness(of source: String) -> Completeness {
    let bytes = CellRewriter.withoutShebang(Array(source.utf8)) + [UInt8(ascii: "\n")]
    var isIncomplete = CellParser.endsEarly(bytes)
    let program = CellRewriter.program(for: String(decoding: bytes, as: UTF8.self)) { _ in nil }
    for candidate in [program.plain, Array("return ".utf8) + bytes] {
      guard let message = compilerMessage(for: candidate) else { return .complete }
      if message.hasSuffix("<eof>") { isIncomplete = true }
    }
    return isIncomplete ? .incomplete : .invalid
  }

  private func compilerMessage(for source: [UInt8]) -> String? {
    let state = interpreter.state
    let base = state.top
    defer { state.top = base }
    do {
      try state.load(source, name: "=input")
      return nil
    } catch {
      return "\(error)"
    }
  }
}

extension CellParser {
  /// Whether the grammar fails only because the text ends.
  static func endsEarly(_ bytes: [UInt8]) -> Bool {
    guard let tokens = try? CellLexer.tokens(of: bytes) else { return false }
    var parser = CellParser(tokens: tokens)
    do {
      try parser.parseCell()
      return false
    } catch {
      return parser.current.kind == .end
    }
  }
}
