public import Files
import OrderedCollections
import Tokenizers

/// A place between two packed rows.
public final class PackCursor: RowCursor {
  private let data: PackedData
  private var pass: Int
  private let feeds: [SourceFeed]
  private var book: ShareBook
  private(set) var rows = 0
  private var total = 0
  private var hasEnded = false

  init(_ data: PackedData, pass: Int) throws {
    self.data = data
    self.pass = pass
    let encoder = try DocumentEncoder(data.tokenizer, data.options)
    feeds = try data.mix.sources.map {
      try SourceFeed($0.stream, once: $0.once, pass: pass, encoder: encoder)
    }
    book = ShareBook(count: feeds.count)
  }

  /// The next row; nil at the end.
  ///
  /// When it throws, for instance because the user interrupts, nothing has been
  /// drawn.
  public func next() throws -> Row? {
    if hasEnded { return nil }
    let before = state
    do {
      return try draw()
    } catch {
      try restore(before)
      throw error
    }
  }

  private func draw() throws -> Row? {
    var row = RowBuilder(length: data.length)
    var last = 0
    filling: while true {
      guard let (source, shares) = try choose(), let document = try feeds[source].peek() else {
        hasEnded = true
        break
      }
      let feed = feeds[source]
      let left = data.options.tokens.map { $0 - total } ?? .max
      let count: Int
      switch portion(of: document, from: feed.offset, room: row.room, isFirst: row.isEmpty, left: left) {
      case .tokens(let some): count = some
      case .nextRow: break filling
      case .end:
        hasEnded = true
        break filling
      }
      append(document, count, of: feed, to: &row)
      book.draw(Double(count), from: source, shares)
      total += count
      last = source
      if let tokens = data.options.tokens, total >= tokens {
        hasEnded = true
        break
      }
    }
    if hasEnded { for feed in feeds { try feed.close() } }
    guard !row.isEmpty else { return nil }
    feeds[last].used.padding += row.room
    rows += 1
    return row.row
  }

  /// The source furthest behind that still has something, with the present shares.
  private func choose() throws -> (source: Int, shares: [Double])? {
    let progress = data.options.tokens.map { min(1, Double(total) / Double($0)) } ?? 0
    let weights = try data.mix.weights(at: progress)
    if weights.allSatisfy({ $0 == 0 }) {
      throw CorpusError(
        argument: "weight",
        reason: "all weights of the mix are 0 at progress \(NumberText.text(of: progress))")
    }
    while let shares = book.shares(of: weights) {
      let source = book.furthestBehind(shares, ahead: Double(data.length))
      if try feeds[source].peek() != nil { return (source, shares) }
      book.ended[source] = true
    }
    return nil
  }

  private enum Portion {
    case tokens(Int)
    case nextRow
    case end
  }

  /// How many new tokens of a document go into the room that is left.
  ///
  /// A document that fits into a row of its own is cut by nothing but the end of the budget, and a lesson not
  /// even by that. A longer text begins in a row already begun only if a quarter of that is left.
  private func portion(
    of document: EncodedDocument, from offset: Int, room: Int, isFirst: Bool, left: Int
  ) -> Portion {
    let rest = document.ids.count - offset
    let context = offset > 0 ? 1 : 0
    let wanted = min(rest, left)
    let isLesson = document.trained != nil
    if wanted + context < 2 || isLesson && rest > left { return .end }
    if wanted + context <= room { return .tokens(wanted) }
    let isShort = document.ids.count <= data.length
    if !isFirst && (isShort || room < max(2, data.length / 4)) { return .nextRow }
    return .tokens(room - context)
  }

  private func append(
    _ document: EncodedDocument, _ count: Int, of feed: SourceFeed, to row: inout RowBuilder
  ) {
    let offset = feed.offset
    let start = offset > 0 ? offset - 1 : 0
    let range = start..<offset + count
    let sample = offset > 0 ? "\(document.location)+\(offset)" : document.location
    let trained = row.append(document.ids[range], trained: document.trained?[range], sample: sample)
    feed.used.trained += trained
    feed.used.context += count - trained
    feed.used.overlap += offset - start
    feed.take(count)
  }

  // MARK: - State

  public var state: JSON {
    .object([
      "pass": JSON(pass), "rows": JSON(rows), "tokens": JSON(total), "ended": .bool(hasEnded),
      "sources": .array(
        feeds.indices.map { i in
          .object([
            "feed": feeds[i].state, "due": .number(book.due[i]), "used": .number(book.used[i]),
            "ended": .bool(book.ended[i]),
          ])
        }),
    ])
  }

  public func restore(_ state: JSON) throws {
    let reader = StateReader(state)
    let sources = try reader.array("sources")
    guard sources.count == feeds.count else {
      throw CorpusError(
        argument: "state",
        reason: "the saved place has \(sources.count) sources, the data have \(feeds.count)")
    }
    pass = try reader.int("pass")
    rows = try reader.int("rows")
    total = try reader.int("tokens")
    hasEnded = try reader.bool("ended")
    for (i, source) in sources.enumerated() {
      let reader = StateReader(source)
      try feeds[i].restore(try reader.value("feed"), pass: pass)
      book.due[i] = try reader.double("due")
      book.used[i] = try reader.double("used")
      book.ended[i] = try reader.bool("ended")
    }
  }

  // MARK: - Ledger

  /// What has been read so far and what became of it.
  /// - Throws: what reading the rest of a source throws that has not been read to its end once.
  public func ledger() throws -> Ledger {
    let due = book.due.reduce(0, +)
    let sources = try feeds.indices.map { i in
      Ledger.Source(
        name: feeds[i].stream.name, read: try feeds[i].settledCounts(), used: feeds[i].used,
        tokens: try feeds[i].read.perPass ?? onePass(i), weight: due > 0 ? book.due[i] / due : 0, total: total
      )
    }
    return Ledger(sources: sources, length: data.length, rows: rows, budget: data.options.tokens)
  }

  /// The tokens of a source whose first pass goes on, which is read to its end from where it is.
  private func onePass(_ source: Int) throws -> Int {
    let encoder = try DocumentEncoder(data.tokenizer, data.options)
    let feed = try SourceFeed(data.mix.sources[source].stream, once: true, pass: pass, encoder: encoder)
    try feed.restore(feeds[source].state, pass: pass)
    while let document = try feed.peek() { feed.take(document.ids.count - feed.offset) }
    return feed.read.inPass
  }
}
