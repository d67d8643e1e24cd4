import Files

/// What became of every token of packed data.
///
/// For each source `read = trained + context + truncated + dropped`; and over all rows
/// `rows * length = trained + context + overlap + padding`.
public struct Ledger: Equatable, Sendable, CustomStringConvertible {
  public struct Source: Equatable, Sendable {
    public let name: String
    public let documents: Int
    /// Tokens of one pass over the source, begin and end tokens included: n.
    public let tokens: Int
    /// The share it was given, between 0 and 1: w.
    public let weight: Double
    /// Passes by the formula w * T / n, where T is the tokens taken from all sources.
    public let epochs: Double
    public let read: Int
    /// Tokens that a model is trained to predict.
    public let trained: Int
    /// Tokens that are only seen: the first of each document, and prompts.
    public let context: Int
    /// Cut off because a document was longer than a row.
    public let truncated: Int
    /// Of documents left out, and what the budget cut off.
    public let dropped: Int
    /// Positions that repeat a token, where a document goes on in another row.
    public let overlap: Int
    /// Positions left empty in rows that end with a document of this source.
    public let padding: Int
    public let emptyRows: Int
    public let overlongDocuments: Int
    public let untrainedDocuments: Int
  }

  public let sources: [Source]
  public let length: Int
  public let rows: Int
  /// The tokens asked for; none for one pass.
  public let budget: Int?

  /// How often a source is read: its weight times all tokens over its own (GPT-3, arXiv:2005.14165, table 2.2).
  public static func epochs(weight: Double, total: Double, tokens: Double) -> Double {
    tokens > 0 ? weight * total / tokens : 0
  }

  public var read: Int { sum(\.read) }
  public var trained: Int { sum(\.trained) }
  public var context: Int { sum(\.context) }
  public var truncated: Int { sum(\.truncated) }
  public var dropped: Int { sum(\.dropped) }
  public var overlap: Int { sum(\.overlap) }
  public var padding: Int { sum(\.padding) }
  public var documents: Int { sum(\.documents) }

  /// The part of all positions that holds a token.
  public var utilisation: Double {
    rows == 0 ? 0 : 1 - Double(padding) / (Double(rows) * Double(length))
  }

  private func sum(_ field: KeyPath<Source, Int>) -> Int { sources.reduce(0) { $0 + $1[keyPath: field] } }

  public var description: String {
    let head = [
      "source", "documents", "tokens n", "weight w", "epochs w*T/n", "read", "trained", "context",
      "truncated",
      "dropped", "padding",
    ]
    var lines = sources.map { source in
      [
        source.name, String(source.documents), String(source.tokens), Self.fixed(source.weight, 4),
        Self.fixed(source.epochs, 2), String(source.read), String(source.trained), String(source.context),
        String(source.truncated), String(source.dropped), String(source.padding),
      ]
    }
    if sources.count > 1 {
      lines.append(
        ["all", String(documents), "", "", ""]
          + [read, trained, context, truncated, dropped, padding].map(String.init))
    }
    var text = Table.text([head] + lines)
    text +=
      "\n\(rows) \(rows == 1 ? "row" : "rows") of \(length) tokens, \(Self.fixed(100 * utilisation, 1)) % filled"
    if overlap > 0 { text += "; \(overlap) positions repeat a token where a document goes on" }
    for source in sources {
      let notes = [
        (source.emptyRows, "empty"), (source.overlongDocuments, "too long"),
        (source.untrainedDocuments, "untrained"),
      ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
      if !notes.isEmpty { text += "\n\(source.name): left out \(notes.joined(separator: ", "))" }
    }
    return text
  }

  /// A number with a fixed count of digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    guard value.isFinite, abs(value) < 1e12 else { return NumberText.text(of: value) }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return sign + String(scaled / scale) + "." + zeros + fraction
  }
}

extension Ledger.Source {
  init(name: String, read: ReadCounts, used: UseCounts, tokens: Int, weight: Double, total: Int) {
    self.name = name
    documents = read.documents
    self.tokens = tokens
    self.weight = weight
    epochs = Ledger.epochs(weight: weight, total: Double(total), tokens: Double(tokens))
    self.read = read.read
    trained = used.trained
    context = used.context
    truncated = read.truncated
    dropped = read.dropped + used.beyondBudget
    overlap = used.overlap
    padding = used.padding
    emptyRows = read.emptyRows
    overlongDocuments = read.overlongDocuments
    untrainedDocuments = read.untrainedDocuments
  }
}

/// Columns of text, the first to the left and numbers to the right.
enum Table {
  static func text(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { width($0[column]) }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { i, cell in
        let space = String(repeating: " ", count: widths[i] - width(cell))
        return i == 0 ? cell + space : space + cell
      }
      return cells.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// Columns on a terminal; characters of East Asian scripts take two.
  private static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { width, scalar in
      switch scalar.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        width + 2
      default: width + 1
      }
    }
  }
}
