public import Files
import Processes

/// Tokens that are trained together: one or more documents that do not see each other.
public struct Row: Equatable, Sendable {
  public let ids: [Int32]
  /// The token after each position within the same document; -1 where nothing is trained.
  public let targets: [Int32]
  /// The lengths of the documents; they add up to the number of ids.
  public let documents: [Int]
  /// Where each document comes from: "file:line", with "+n" for a piece that begins at its n-th token.
  public let samples: [String]
  /// Which of the documents are lessons: a prompt and the answer that is trained.
  public let lessons: [Int]
  public let trainedCount: Int

  public init(
    ids: [Int32], targets: [Int32], documents: [Int], samples: [String], lessons: [Int] = []
  ) {
    precondition(ids.count == targets.count && documents.reduce(0, +) == ids.count)
    precondition(samples.count == documents.count && lessons.allSatisfy(documents.indices.contains))
    self.ids = ids
    self.targets = targets
    self.documents = documents
    self.samples = samples
    self.lessons = lessons
    trainedCount = targets.count { $0 >= 0 }
  }

  /// What each lesson is trained to end with; -1 where its last token is not trained.
  public var lessonEnds: [Int32] {
    lessons.map { documents[$0] < 2 ? -1 : targets[documents[...$0].reduce(0, +) - 2] }
  }
}

/// Rows to train on, read from the beginning as often as needed.
public protocol RowSource: AnyObject {
  /// The most tokens a row has.
  var length: Int { get }
  /// Whether the rows never end, since a source starts again.
  var isEndless: Bool { get }
  /// A cursor before the first row. The pass matters to shuffled data, whose order differs from pass to pass.
  func open(pass: Int) throws -> any RowCursor
  /// Rows of the first pass; they must not be endless.
  func countRows() throws -> Int
  /// All that the rows depend on.
  var identity: JSON { get throws }
}

extension RowSource {
  public func open() throws -> any RowCursor { try open(pass: 0) }

  /// Counts by reading them all.
  public func countRows() throws -> Int {
    precondition(!isEndless, "endless rows cannot be counted")
    let cursor = try open(pass: 0)
    var count = 0
    while try cursor.next() != nil {
      try Interrupt.check()
      count += 1
    }
    return count
  }

  /// SHA-256 of `identity`.
  public var fingerprint: String { get throws { DataIdentity.fingerprint(try identity) } }
}

/// A place between two rows.
public protocol RowCursor: AnyObject {
  func next() throws -> Row?
  /// The place; a cursor restored to it gives the same rows, bit for bit.
  var state: JSON { get }
  func restore(_ state: JSON) throws
}

/// Collects documents until a row is full.
struct RowBuilder {
  let length: Int
  private var ids: [Int32] = []
  private var targets: [Int32] = []
  private var documents: [Int] = []
  private var samples: [String] = []
  private var lessons: [Int] = []

  init(length: Int) { self.length = length }

  var room: Int { length - ids.count }
  var isEmpty: Bool { ids.isEmpty }
  var row: Row {
    Row(ids: ids, targets: targets, documents: documents, samples: samples, lessons: lessons)
  }

  /// Adds a piece of a document; returns its number of targets.
  mutating func append(_ piece: ArraySlice<Int32>, trained: ArraySlice<Bool>?, sample: String) -> Int {
    let before = targets.count
    ids += piece
    for i in piece.indices.dropFirst() { targets.append(trained?[i] ?? true ? piece[i] : -1) }
    targets.append(-1)
    if trained != nil { lessons.append(documents.count) }
    documents.append(piece.count)
    samples.append(sample)
    return targets[before...].count { $0 >= 0 }
  }
}
