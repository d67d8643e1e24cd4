import Evaluation
import Glibc
import Scripting

/// Scored tokens as Lua holds them: records by position, and a heat map when printed.
final class ScoresObject: LuaObject, CustomStringConvertible {
  let tokens: [ScoredToken]
  init(_ tokens: [ScoredToken]) { self.tokens = tokens }

  static let luaClass = LuaClass<ScoresObject>(
    "Scores", "How a model saw each token of a text coming.",
    [
      .index("The record of a token: id, piece, logprob, entropy, rank.") { (scores: ScoresObject, n: Int) in
        scores.tokens.indices.contains(n - 1) ? ScoreRow(scores.tokens[n - 1]) : nil
      },
      .length { $0.tokens.count },
      .property("nll", "Mean negative log-likelihood, in nats a token.") { scores in
        scores.tokens.isEmpty
          ? 0 : -scores.tokens.reduce(0) { $0 + $1.logProbability } / Double(scores.tokens.count)
      },
      .meta("__display") { state, scores in
        let table = try LuaTable(in: state)
        try table.set("text/plain", to: scores.description)
        try table.set("text/html", to: scores.html)
        try table.push(to: state)
        return 1
      },
    ])

  /// The pieces, on a terminal in colours from likely (plain) to surprising (red).
  var description: String {
    guard Terminal.hasColours else {
      return tokens.map { "\(text(of: $0))(\(decimals($0.logProbability)))" }.joined(separator: " ")
    }
    return tokens.map { token in
      let level = Int(shade(of: token) * 5)
      return level == 0
        ? text(of: token) : "\u{1B}[48;5;\(Self.reds[level])m\u{1B}[30m\(text(of: token))\u{1B}[0m"
    }.joined()
  }

  private static let reds = [231, 224, 217, 210, 203, 196]

  /// The same as HTML; the probability stands in a tool tip.
  var html: String {
    let spans = tokens.map { token in
      let alpha = decimals(shade(of: token) * 0.8)
      let title =
        "p \(decimals(exp(token.logProbability))), entropy \(decimals(token.entropy)), rank \(token.rank)"
      return
        "<span title=\"\(title)\" style=\"background:rgba(220,50,47,\(alpha))\">\(escaped(text(of: token)))</span>"
    }
    return "<div style=\"font-size:1.1em;line-height:2\">\(spans.joined())</div>"
  }

  /// 0 for a certain token, 1 for one that was missed by 8 nats or more.
  private func shade(of token: ScoredToken) -> Double { min(1, max(0, -token.logProbability / 8)) }

  private func text(of token: ScoredToken) -> String {
    String(token.piece.map { $0 == "\u{2581}" ? " " : $0 })
  }

  private func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      default: result.append(character)
      }
    }
  }

  private func decimals(_ value: Double) -> String {
    let hundredths = (value * 100).rounded()
    guard hundredths.isFinite, abs(hundredths) < 1e15 else { return "\(value)" }
    let whole = abs(Int(hundredths))
    let fraction = whole % 100
    return "\(value < 0 && whole > 0 ? "-" : "")\(whole / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }
}

/// A scored token as a table.
struct ScoreRow: LuaValue {
  let token: ScoredToken
  init(_ token: ScoredToken) { self.token = token }
  static var luaType: String { "table" }
  static func read(_ state: LuaState, at index: Int32) throws -> ScoreRow {
    throw state.mismatch("a score's row", at: index)
  }
  func push(to state: LuaState) throws {
    let table = try LuaTable(in: state)
    try table.set("id", to: token.id)
    try table.set("piece", to: token.piece)
    try table.set("logprob", to: token.logProbability)
    try table.set("entropy", to: token.entropy)
    try table.set("rank", to: token.rank)
    try table.push(to: state)
  }
}
