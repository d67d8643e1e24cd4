/// What a merge of two vocabularies did.
public struct MergeReport: Sendable, CustomStringConvertible {
  /// Why a piece of the second model did not join.
  public enum Cause: String, Sendable, CaseIterable {
    case duplicate, special, normalizer, latin, sample, unreachable

    var words: String {
      switch self {
      case .duplicate: "in the base already"
      case .special: "control, byte or unknown"
      case .normalizer: "the base rewrites its text"
      case .latin: "Latin letters and signs only"
      case .sample: "changes the old sample"
      case .unreachable: "no text would ever give it"
      }
    }
  }

  /// How many, and the first of them.
  public struct Tally: Equatable, Sendable {
    public private(set) var count = 0
    public private(set) var examples: [String] = []

    mutating func count(_ piece: String) {
      count += 1
      if examples.count < 6 { examples.append(piece) }
    }
  }

  public let rule: MergeRule
  /// Pieces of the base and of the new model.
  public let base: Int
  public let extra: Int
  public internal(set) var added = 0
  public private(set) var rejected: [Cause: Tally] = [:]
  /// Pieces that joined by a published rule although no text gives them.
  public internal(set) var unreachable = Tally()
  /// Settings in which the two models differ; the base's count.
  public internal(set) var notes: [String] = []
  /// Pieces of Latin letters and signs alone were kept out.
  public internal(set) var protectsLatin = false
  public private(set) var sampleLines = 0
  /// Lines of the sample that are cut otherwise than before.
  public private(set) var sampleChanged = 0
  /// Tokens before and after, one table for each text.
  public internal(set) var texts: [TokenizerComparison] = []

  init(rule: MergeRule, base: Int, extra: Int) {
    self.rule = rule
    self.base = base
    self.extra = extra
  }

  public var total: Int { base + added }

  public var duplicates: Int { rejected[.duplicate]?.count ?? 0 }

  mutating func reject(_ piece: String, _ cause: Cause) { rejected[cause, default: Tally()].count(piece) }

  mutating func check(_ sample: [String], _ base: SentencePieceTokenizer, _ merged: SentencePieceTokenizer)
    throws
  {
    sampleLines = sample.count
    sampleChanged = try sample.count { try base.encode($0) != merged.encode($0) }
  }

  public var description: String {
    var lines = [
      "merged vocabulary: \(total) pieces = \(base) + \(added) of \(extra) (rule '\(rule.rawValue)')"
    ]
    for cause in Cause.allCases {
      if let tally = rejected[cause] { lines.append(Self.line("left out", cause.words, tally)) }
    }
    if unreachable.count > 0 { lines.append(Self.line("added, but", Cause.unreachable.words, unreachable)) }
    lines += notes.map { "  " + $0 }
    lines.append("  " + oldText)
    lines += texts.map(\.description)
    return lines.joined(separator: "\n")
  }

  /// What was checked, and what follows for old text.
  private var oldText: String {
    var parts: [String] = []
    if sampleLines > 0 {
      parts.append("\(sampleChanged) of \(sampleLines) sample lines are cut otherwise than before")
    }
    if protectsLatin {
      parts.append(
        "every new piece has a character beyond Latin letters and signs, so texts of these alone stay as they were"
      )
    } else if sampleLines == 0 {
      parts.append("not checked")
    }
    return "old text: " + parts.joined(separator: "; ")
  }

  private static func line(_ verb: String, _ words: String, _ tally: Tally) -> String {
    let more = tally.count > tally.examples.count ? " ..." : ""
    return
      "  \(verb) \(TableText.padded(String(tally.count), 6)): \(words) (\(tally.examples.joined(separator: " "))\(more))"
  }
}
