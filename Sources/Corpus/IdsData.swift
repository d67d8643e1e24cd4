public import Files
import OrderedCollections

/// Ready-made token ids as rows, one document a row.
public final class IdsData: RowSource {
  public let length: Int
  private let rows: [[Int32]]
  private let name: String
  public let isEndless = false

  /// Cuts a list of ids into rows of `length`; the last one may be shorter.
  /// - Throws: `CorpusError` for an id below 0, no ids, or a last row of one token, which has nothing to
  /// predict.
  public convenience init(_ ids: [Int32], length: Int, name: String = "ids") throws {
    guard length >= 2 else {
      throw CorpusError(argument: "length", reason: "at least 2 tokens expected, got \(length)")
    }
    let rows = stride(from: 0, to: ids.count, by: length).map { Array(ids[$0..<min($0 + length, ids.count)]) }
    try self.init(rows: rows, length: length, name: name)
  }

  /// Takes each list as a row of its own.
  public init(rows: [[Int32]], length: Int? = nil, name: String = "ids") throws {
    if rows.isEmpty { throw CorpusError(argument: "ids", reason: "there are no token ids") }
    let length = length ?? rows.map(\.count).max() ?? 0
    for (i, row) in rows.enumerated() {
      if row.count < 2 {
        throw CorpusError(
          argument: "ids", reason: "row \(i + 1) has \(row.count) tokens and nothing to predict")
      }
      if row.count > length {
        throw CorpusError(argument: "ids", reason: "row \(i + 1) has \(row.count) tokens, limit \(length)")
      }
      if let bad = row.first(where: { $0 < 0 }) {
        throw CorpusError(argument: "ids", reason: "row \(i + 1) holds \(bad), a token id is never negative")
      }
    }
    self.rows = rows
    self.length = length
    self.name = name
  }

  public func open(pass: Int) throws -> any RowCursor { Cursor(rows, name) }
  public func countRows() -> Int { rows.count }

  public var identity: JSON {
    let bytes = rows.map { $0.map { String($0) }.joined(separator: " ") }.joined(separator: "\n")
    return .object([
      "data": .object(["kind": "ids", "sha256": .string(SHA256.hex(of: bytes))]), "length": JSON(length),
    ])
  }

  private final class Cursor: RowCursor {
    private let rows: [[Int32]]
    private let name: String
    private var position = 0

    init(_ rows: [[Int32]], _ name: String) {
      self.rows = rows
      self.name = name
    }

    func next() -> Row? {
      guard position < rows.count else { return nil }
      var builder = RowBuilder(length: rows[position].count)
      _ = builder.append(rows[position][...], trained: nil, sample: "\(name):\(position + 1)")
      position += 1
      return builder.row
    }

    var state: JSON { .object(["row": JSON(position)]) }

    func restore(_ state: JSON) throws {
      let saved = try StateReader(state).int("row")
      guard saved <= rows.count else {
        throw CorpusError(
          argument: "state", reason: "the saved place is row \(saved), the data have \(rows.count)")
      }
      position = saved
    }
  }
}
