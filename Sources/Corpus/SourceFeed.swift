import Files
import OrderedCollections
import Processes

/// What was read from one source, and what became of it, in tokens unless said otherwise.
struct ReadCounts {
  var documents = 0
  var read = 0
  var truncated = 0
  var dropped = 0
  var emptyRows = 0
  var overlongDocuments = 0
  var untrainedDocuments = 0
  /// Passes begun before the present one.
  var passes = 0
  /// Tokens read in the present pass, and in the first whole one.
  var inPass = 0
  var perPass: Int?
}

struct UseCounts {
  var trained = 0
  var context = 0
  /// Positions that repeat the last token of the piece before.
  var overlap = 0
  var padding = 0
  /// Tokens of a document that the budget cut off.
  var beyondBudget = 0
}

/// The documents of one source as tokens, of which any number can be taken at a time.
final class SourceFeed {
  let stream: any DocumentStream
  private let encoder: DocumentEncoder
  private let once: Bool
  private var firstPass: Int
  private var cursor: any DocumentCursor
  /// The document being taken, and its first token that was not.
  private(set) var current: EncodedDocument?
  private(set) var offset = 0
  /// Where a restored feed goes on in its document, until that is read again.
  private var resumeOffset = 0
  private(set) var read = ReadCounts()
  var used = UseCounts()
  /// The place and counts before `current` was read, from which it can be read again.
  private var before: (cursor: JSON, read: ReadCounts)?

  init(_ stream: any DocumentStream, once: Bool, pass: Int, encoder: DocumentEncoder) throws {
    self.stream = stream
    self.once = once
    self.encoder = encoder
    firstPass = pass
    cursor = try stream.open(epoch: pass)
  }

  /// The document to take from, read if necessary; nil when the source has ended.
  func peek() throws -> EncodedDocument? {
    if let current { return current }
    let before = (cursor: cursor.state, read: read)
    var hasStartedAgain = false
    do {
      while true {
        try Interrupt.check()
        let emptyBefore = cursor.emptyRows
        let document = try cursor.next()
        read.emptyRows += cursor.emptyRows - emptyBefore
        guard let document else {
          if read.perPass == nil { read.perPass = read.inPass }
          if once { return nil }
          // A whole pass without a document that is taken: so will be all others.
          if hasStartedAgain || read.inPass == 0 {
            throw CorpusError(argument: "data", reason: "every document of \(stream.name) was left out")
          }
          try startAgain()
          hasStartedAgain = true
          continue
        }
        read.documents += 1
        switch try encoder.encode(document) {
        case .rejected(let rejection): reject(rejection)
        case .encoded(let encoded):
          count(encoded.ids.count + encoded.truncated)
          read.truncated += encoded.truncated
          self.before = before
          guard resumeOffset < encoded.ids.count else {
            throw CorpusError(
              argument: "state", reason: "the data of \(stream.name) are not those of the saved place")
          }
          current = encoded
          offset = resumeOffset
          resumeOffset = 0
          return encoded
        }
      }
    } catch {
      // As if nothing had been read, so that an interrupted cursor can go on.
      try returnTo(before.cursor, before.read)
      throw error
    }
  }

  /// Takes `count` tokens of the present document.
  func take(_ count: Int) {
    guard let current else { preconditionFailure("take follows peek") }
    offset += count
    if offset == current.ids.count { forget() }
  }

  /// Ends the feed: what is left of a document begun counts as beyond the budget, one not begun as not read.
  func close() throws {
    if resumeOffset > 0 { _ = try peek() }
    guard let current, let before else { return }
    if offset > 0 {
      used.beyondBudget += current.ids.count - offset
      forget()
    } else {
      try returnTo(before.cursor, before.read)
      forget()
    }
  }

  private func forget() {
    current = nil
    before = nil
    offset = 0
  }

  private func startAgain() throws {
    read.passes += 1
    read.inPass = 0
    cursor = try stream.open(epoch: firstPass + read.passes)
  }

  private func count(_ tokens: Int) {
    read.read += tokens
    read.inPass += tokens
  }

  private func reject(_ rejection: Rejection) {
    switch rejection {
    case .overlong(let tokens):
      count(tokens)
      read.dropped += tokens
      read.overlongDocuments += 1
    case .untrained(let tokens):
      count(tokens)
      read.dropped += tokens
      read.untrainedDocuments += 1
    }
  }

  private func returnTo(_ place: JSON, _ counts: ReadCounts) throws {
    if read.passes != counts.passes { cursor = try stream.open(epoch: firstPass + counts.passes) }
    try cursor.restore(place)
    read = counts
  }

  // MARK: - State

  var state: JSON {
    .object([
      "cursor": before?.cursor ?? cursor.state, "read": (before?.read ?? read).state, "used": used.state,
      "offset": JSON(max(offset, resumeOffset)),
    ])
  }

  /// Goes to a saved place without reading anything, so that it cannot be interrupted.
  func restore(_ state: JSON, pass: Int) throws {
    let reader = StateReader(state)
    let counts = try ReadCounts(state: try reader.value("read"))
    let offset = try reader.int("offset")
    let used = try UseCounts(state: try reader.value("used"))
    let cursor = try stream.open(epoch: pass + counts.passes)
    try cursor.restore(try reader.value("cursor"))
    forget()
    self.cursor = cursor
    self.used = used
    firstPass = pass
    read = counts
    resumeOffset = offset
  }

  /// The counts without the tokens of a document that were not taken yet.
  func settledCounts() throws -> ReadCounts {
    if resumeOffset > 0 { _ = try peek() }
    var counts = read
    if let current { counts.read -= current.ids.count - offset }
    return counts
  }
}

extension ReadCounts {
  fileprivate static let fields: [(String, any WritableKeyPath<ReadCounts, Int> & Sendable)] = [
    ("documents", \.documents), ("read", \.read), ("truncated", \.truncated), ("dropped", \.dropped),
    ("empty_rows", \.emptyRows), ("overlong", \.overlongDocuments), ("untrained", \.untrainedDocuments),
    ("passes", \.passes), ("in_pass", \.inPass),
  ]

  var state: JSON {
    var fields = OrderedDictionary(
      uniqueKeysWithValues: Self.fields.map { ($0.0, JSON(self[keyPath: $0.1])) })
    fields["per_pass"] = perPass.map { JSON($0) } ?? .null
    return .object(fields)
  }

  init(state: JSON) throws {
    let reader = StateReader(state)
    for (name, path) in Self.fields { self[keyPath: path] = try reader.int(name) }
    perPass = state["per_pass"]?.intValue
  }
}

extension UseCounts {
  fileprivate static let fields: [(String, any WritableKeyPath<UseCounts, Int> & Sendable)] = [
    ("trained", \.trained), ("context", \.context), ("overlap", \.overlap), ("padding", \.padding),
    ("beyond_budget", \.beyondBudget),
  ]

  var state: JSON {
    .object(OrderedDictionary(uniqueKeysWithValues: Self.fields.map { ($0.0, JSON(self[keyPath: $0.1])) }))
  }

  init(state: JSON) throws {
    let reader = StateReader(state)
    for (name, path) in Self.fields { self[keyPath: path] = try reader.int(name) }
  }
}
