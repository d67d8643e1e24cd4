import Corpus
import Files
import Processes

/// The rows of one optimizer step.
struct RowWindow {
  let rows: [Row]
  let tokens: Int
  let trainedTokens: Int

  init(_ rows: [Row]) throws {
    for row in rows where row.trainedCount == 0 {
      let samples = row.samples.prefix(3).joined(separator: ", ")
      throw TrainingError(argument: "data", reason: "\(samples): no token of this sample is trained")
    }
    self.rows = rows
    tokens = rows.reduce(0) { $0 + $1.ids.count }
    trainedTokens = rows.reduce(0) { $0 + $1.trainedCount }
  }

  var samples: [String] { rows.flatMap(\.samples) }

  /// The start of the sha256 of the sample ids, one a line.
  var fingerprint: String { String(SHA256.hex(of: samples.joined(separator: "\n")).prefix(16)) }
}

/// Draws the rows of one step after another, starting the data again when they end.
///
/// A window never crosses the end of the data: the last one of a pass may be short.
final class WindowReader {
  private let source: any RowSource
  private var cursor: any RowCursor
  private var pass = 0
  private var rowsInPass = 0
  private var hasEnded = false

  init(_ source: any RowSource) throws {
    self.source = source
    cursor = try source.open(pass: 0)
  }

  /// The next window; when drawing fails or is interrupted, nothing has been drawn.
  func next(rows count: Int) throws -> RowWindow {
    let before = state
    do {
      if hasEnded { try startAgain() }
      var rows: [Row] = []
      while rows.count < count {
        try Interrupt.check()
        guard let row = try cursor.next() else {
          hasEnded = true
          break
        }
        rows.append(row)
        rowsInPass += 1
      }
      guard !rows.isEmpty else {
        if rowsInPass == 0 { throw Self.noRows }
        return try next(rows: count)
      }
      return try RowWindow(rows)
    } catch {
      try restore(before)
      throw error
    }
  }

  private func startAgain() throws {
    cursor = try source.open(pass: pass + 1)
    pass += 1
    rowsInPass = 0
    hasEnded = false
  }

  var state: JSON {
    ["pass": JSON(pass), "rows": JSON(rowsInPass), "ended": .bool(hasEnded), "cursor": cursor.state]
  }

  func restore(_ state: JSON) throws {
    guard let pass = state["pass"]?.intValue, let rows = state["rows"]?.intValue,
      let ended = state["ended"]?.boolValue, let inner = state["cursor"]
    else {
      throw TrainingError(argument: "resume", reason: "the checkpoint's place in the data cannot be read")
    }
    let cursor = try source.open(pass: pass)
    try cursor.restore(inner)
    self.cursor = cursor
    self.pass = pass
    rowsInPass = rows
    hasEnded = ended
  }

  private static let noRows = TrainingError(argument: "data", reason: "there are no rows to train on")

  /// Rows of one pass over the data.
  static func count(_ source: any RowSource) throws -> Int {
    if source.isEndless {
      throw TrainingError(argument: "steps", reason: "a number is needed: these data start again without end")
    }
    let count = try source.countRows()
    if count == 0 { throw noRows }
    return count
  }
}
