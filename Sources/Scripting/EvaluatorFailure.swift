import Files
import Processes

/// Why an input, cell or script ended early, told for the person who wrote it.
public struct EvaluationFailure: Error, CustomStringConvertible {
  public enum Kind: String, Sendable {
    case syntax = "SyntaxError"
    case runtime = "LuaError"
    case memory = "MemoryError"
    case interrupted = "Interrupted"
  }

  public let kind: Kind
  /// With its position in front, as Lua gives it: "cell 3:2: attempt to …".
  public let message: String
  /// Where it happened, when the message says so, and the text of that line.
  public let line: Int?
  public let sourceLine: String?
  /// "cell 3:2: in local 'f'", innermost first; without the program's own frames.
  public let frames: [String]

  public var description: String { report.joined(separator: "\n") }

  /// The lines to print: the message, the source line, the traceback where it says more than the message.
  public var report: [String] {
    var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if let line, let sourceLine { lines.append("  \(line) | \(sourceLine)") }
    if frames.count > 1 {
      lines.append("stack traceback:")
      lines += frames.map { "  " + $0 }
    }
    return lines
  }

  /// - Parameter value: the text of an error value that is a table.
  init(_ error: any Error, chunk: String, sources: SourceShelf, names: [String], value: String? = nil) {
    if error is Interrupted {
      (kind, message, line, sourceLine, frames) = (.interrupted, "interrupted", nil, nil, [])
      return
    }
    guard let error = error as? LuaError else {
      (kind, message, line, sourceLine, frames) = (.runtime, "\(error)", nil, nil, [])
      return
    }
    switch error.kind {
    case .syntax: kind = .syntax
    case .memory: kind = .memory
    case .runtime: kind = .runtime
    }
    let (frames, isTopLevel) = Self.frames(of: error.traceback, chunk: chunk)
    self.frames = frames
    var message = error.message
    if isTopLevel, frames.count == 1 {
      // A session variable reaches its cell as an upvalue; to the user it is a local of the session.
      message = message.replacing("(upvalue '", with: "(local '")
    }
    if let hint = Self.hint(for: message, names: names) { message += hint }
    if let value { message += ": " + value }
    self.message = message
    let place = Self.place(in: error.message)
    line = place?.line
    sourceLine = place.flatMap { sources.line($0.line, of: $0.chunk) }
  }

  /// Lua's traceback without the program's own frames; and whether the error rose at the top level of the chunk.
  private static func frames(of traceback: String, chunk: String) -> ([String], Bool) {
    var frames = traceback.split(separator: "\n").dropFirst().map { line in
      String(line.drop { $0 == "\t" || $0 == " " })
    }
    if frames.last == "[C]: in ?" { frames.removeLast() }
    frames = frames.filter { !$0.hasPrefix("?: in function <?:") }.map {
      $0.hasPrefix("?: ") ? "[C]: " + $0.dropFirst(3) : $0
    }
    guard let last = frames.last, last.hasPrefix(chunk + ":") else { return (frames, false) }
    guard let word = last.firstRange(of: ": in function <") else {
      return (frames, last.hasSuffix(": in main chunk"))
    }
    frames[frames.count - 1] = last[..<word.lowerBound] + ": in main chunk"
    return (frames, true)
  }

  /// The position before a message: "name:line: ".
  static func place(in message: String) -> (chunk: String, line: Int)? {
    let firstLine = message.prefix { $0 != "\n" }
    var search = firstLine.startIndex
    while let colon = firstLine[search...].firstIndex(of: ":") {
      let rest = firstLine[firstLine.index(after: colon)...]
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      if !digits.isEmpty, rest[digits.endIndex...].hasPrefix(":"), let line = Int(digits) {
        return (String(firstLine[..<colon]), line)
      }
      search = firstLine.index(after: colon)
    }
    return nil
  }

  /// "; did you mean 'print'?" for a nil global that has a near name.
  private static func hint(for message: String, names: [String]) -> String? {
    guard message.contains("a nil value (global '"), let start = message.firstRange(of: "(global '") else {
      return nil
    }
    let name = String(message[start.upperBound...].prefix { $0 != "'" })
    return Nearest.name(to: name, among: names).map { "; did you mean '\($0)'?" }
  }
}

/// The sources of what ran, for the lines that messages quote.
final class SourceShelf {
  private var texts: [String: String] = [:]

  subscript(name: String) -> String? {
    get { texts[name] }
    set { texts[name] = newValue }
  }

  func line(_ number: Int, of chunk: String) -> String? {
    let text: String
    if let known = texts[chunk] {
      text = known
    } else if chunk.hasSuffix(".lua"), let bytes = try? FileSystem.read(chunk) {
      text = String(decoding: bytes, as: UTF8.self)
    } else {
      return nil
    }
    let lines = text.split(separator: "\n", maxSplits: number, omittingEmptySubsequences: false)
    guard number >= 1, number <= lines.count else { return nil }
    return String(lines[number - 1].last == "\r" ? lines[number - 1].dropLast() : lines[number - 1])
  }
}

/// Suggestions for names that were mistyped.
public enum Nearest {
  /// The name with the fewest edits from `name`, when they are few for its length.
  public static func name(to name: String, among candidates: [String]) -> String? {
    let limit = min(3, max(name.count >= 3 ? 1 : 0, name.count / 3))
    let near = candidates.map { ($0, distance(Array(name.utf8), Array($0.utf8), limit: limit)) }
    return near.filter { $0.1 <= limit && $0.1 > 0 }.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
  }

  /// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.
  static func distance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int {
    if abs(a.count - b.count) > limit { return limit + 1 }
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var before = [Int](repeating: 0, count: b.count + 1)
    var row = Array(0...b.count)
    for i in 1...a.count {
      var next = [i] + [Int](repeating: 0, count: b.count)
      for j in 1...b.count {
        next[j] = min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          next[j] = min(next[j], before[j - 2] + 1)
        }
      }
      before = row
      row = next
    }
    return row[b.count]
  }
}
