import Processes

/// How many tokens several vocabularies need for the same texts.
public struct TokenizerComparison: Equatable, Sendable, CustomStringConvertible {
  public struct Row: Equatable, Sendable {
    public let name: String
    /// Pieces in the vocabulary.
    public let count: Int
    public let tokens: Int
    /// Unknown tokens and single bytes: text that the vocabulary has no piece for.
    public let spelled: Int
  }

  /// UTF-8 bytes and Unicode characters (scalars) of the texts.
  public private(set) var bytes = 0
  public private(set) var characters = 0
  public private(set) var rows: [Row]

  /// Encodes every text with every tokenizer, each text on its own and without a begin token.
  public init(_ tokenizers: [(name: String, tokenizer: any Tokenizer)], texts: some Sequence<String>) throws {
    var iterator = texts.makeIterator()
    try self.init(tokenizers) { iterator.next() }
  }

  /// Encodes the texts that `next` gives, until it gives nil; only one of them is held at a time.
  public init(
    _ tokenizers: [(name: String, tokenizer: any Tokenizer)], next: () throws -> String?
  ) throws {
    var tokens = Array(repeating: 0, count: tokenizers.count)
    var spelled = tokens
    let spellings = tokenizers.map { Self.spellings($0.tokenizer) }
    while let text = try next() {
      try Interrupt.check()
      bytes += text.utf8.count
      characters += text.unicodeScalars.count
      for (i, entry) in tokenizers.enumerated() {
        let ids = try entry.tokenizer.encode(text)
        tokens[i] += ids.count
        spelled[i] += ids.count { spellings[i].contains($0) }
      }
    }
    rows = tokenizers.indices.map { i in
      Row(
        name: tokenizers[i].name, count: tokenizers[i].tokenizer.count, tokens: tokens[i], spelled: spelled[i]
      )
    }
  }

  private static func spellings(_ tokenizer: any Tokenizer) -> Set<Int32> {
    var ids = Set((0..<256).compactMap { tokenizer.id(of: ByteToken.name($0)) })
    if let unknown = tokenizer.unknownID { ids.insert(unknown) }
    return ids
  }

  public func bytesPerToken(_ row: Row) -> Double { row.tokens == 0 ? 0 : Double(bytes) / Double(row.tokens) }

  public func charactersPerToken(_ row: Row) -> Double {
    row.tokens == 0 ? 0 : Double(characters) / Double(row.tokens)
  }

  /// The change of the number of tokens against the first row, as a share.
  public func change(_ row: Row) -> Double {
    guard let first = rows.first, first.tokens > 0 else { return 0 }
    return Double(row.tokens) / Double(first.tokens) - 1
  }

  public var description: String {
    let head = ["tokenizer", "pieces", "tokens", "bytes/token", "chars/token", "spelled", "change"]
    var table = [head]
    for (i, row) in rows.enumerated() {
      table.append([
        row.name, String(row.count), String(row.tokens), TableText.fixed(bytesPerToken(row), 3),
        TableText.fixed(charactersPerToken(row), 3), String(row.spelled),
        i == 0 ? "" : (change(row) > 0 ? "+" : "") + TableText.fixed(change(row) * 100, 2) + " %",
      ])
    }
    return "\(bytes) bytes, \(characters) characters\n" + TableText.table(table)
  }
}

/// Numbers and columns as text.
enum TableText {
  /// `value` with that many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return String(value) }
    let text = String(Int(scaled))
    let whole = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return digits == 0 ? sign + whole : sign + whole.dropLast(digits) + "." + whole.suffix(digits)
  }

  static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// Columns side by side, the first to the left and the others to the right.
  static func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { c in rows.map { c < $0.count ? $0[c].count : 0 }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (c, cell) in row.enumerated() {
        line +=
          c == 0
          ? cell + String(repeating: " ", count: widths[0] - cell.count) : "  " + padded(cell, widths[c])
      }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
