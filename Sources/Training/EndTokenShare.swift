import Corpus
import Models
import Processes
import Tokenizers

/// How many of the lessons teach the model to stop: those whose last trained token is one that ends an answer.
public struct EndTokenShare: Equatable, Sendable, CustomStringConvertible {
  /// Lessons looked at, and how many of them train an end token.
  public let lessons: Int
  public let ended: Int
  /// All lessons of a pass were looked at.
  public let isWhole: Bool
  /// The end token as the vocabulary writes it.
  public let token: String

  init(lessons: Int, ended: Int, isWhole: Bool, token: String) {
    self.lessons = lessons
    self.ended = ended
    self.isWhole = isWhole
    self.token = token
  }

  /// Reads the first rows; nil when they hold no lesson.
  /// - Throws: `TrainingError` when no lesson trains an end token, so that the model would never stop.
  init?(_ data: any RowSource, for model: LanguageModel) throws {
    var ends = Set(model.transformer.spec.eosTokenIDs.map { Int32($0) })
    if let end = model.tokenizer?.eosID { ends.insert(end) }
    let cursor = try data.open(pass: 0)
    var (lessons, ended, tokens) = (0, 0, 0)
    var found: Int32?
    var isWhole = false
    while lessons < Self.enough, tokens < Self.mostTokens {
      try Interrupt.check()
      guard let row = try cursor.next() else {
        isWhole = true
        break
      }
      let inRow = row.lessonEnds
      lessons += inRow.count
      ended += inRow.count { ends.contains($0) }
      found = found ?? inRow.first { ends.contains($0) }
      tokens += row.ids.count
    }
    guard lessons > 0 else { return nil }
    let token = (found ?? model.tokenizer?.eosID ?? ends.min()).map { id in
      "`\(model.tokenizer?.piece(id) ?? "\(id)")`"
    }
    self.init(lessons: lessons, ended: ended, isWhole: isWhole, token: token ?? "(the model has none)")
    if ended == 0 {
      throw TrainingError(
        argument: "data",
        reason: "\(self): the model would never stop; "
          + "are the answers cut off, or of another tokenizer?")
    }
  }

  /// In percent, rounded down so that 100 means all.
  public var description: String {
    let tenths = ended * 1000 / lessons
    let percent = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    return
      "end token \(token) is trained in \(percent) % of \(isWhole ? "samples" : "the first \(lessons) samples")"
  }

  private static let enough = 1000
  private static let mostTokens = 1 << 16
}
