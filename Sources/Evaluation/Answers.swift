public import Corpus
public import Models
import Processes
import Tokenizers

/// Which lessons are measured.
public struct AnswersOptions: Equatable, Sendable {
  /// The longest lesson in tokens; nil: the model's context.
  public var length: Int?
  /// The longest lesson in Unicode scalars of its rendered text: the same lessons whatever the tokenizer, as long as
  /// their tokens fit; nil: no limit.
  public var characters: Int?

  public init(length: Int? = nil, characters: Int? = nil) {
    self.length = length
    self.characters = characters
  }
}

/// How well `model` predicts the answers of lessons and that they end there.
///
/// Every lesson stands alone. The likelihood of the end token is part of the sum and of `tokens`, and `bytes` and
/// `characters` are those of the answers, so that bits per byte compare across vocabularies as long as the same
/// lessons were measured: `skipped` counts those that were longer than asked for or had no answer.
public func answers(
  _ model: LanguageModel, of lessons: any DocumentStream, options: AnswersOptions = AnswersOptions()
) throws -> EvaluationResult {
  let tokenizer = try model.requireTokenizer()
  let context = model.transformer.spec.maxPositionEmbeddings
  let length = options.length ?? context
  guard length >= 2, length <= context else {
    throw EvaluationError(argument: "length", reason: "a number from 2 to \(context) expected, got \(length)")
  }
  if let characters = options.characters, characters < 1 {
    throw EvaluationError(argument: "characters", reason: "a positive number expected, got \(characters)")
  }
  var meter = Meter(model: model, window: length, stride: length)
  var skipped = 0
  let cursor = try lessons.open()
  while let document = try cursor.next() {
    try Interrupt.check()
    guard case .lesson(let row, let template) = document.content else {
      throw EvaluationError(
        argument: "lessons", reason: "\(document.location): a lesson expected, got a text")
    }
    let isEmpty = row.output.allSatisfy(\.isWhitespace)
    let characters = options.characters.map { _ in
      template.render(row).segments.reduce(0) { $0 + $1.text.unicodeScalars.count }
    }
    if isEmpty || characters ?? 0 > options.characters ?? .max {
      skipped += 1
      continue
    }
    let masked = try template.tokens(for: row, tokenizer)
    if masked.ids.count > length {
      skipped += 1
    } else {
      try meter.add(masked, answer: row.output)
    }
  }
  guard meter.tokens > 0 else {
    let cause = skipped == 0 ? "there is none" : "all \(skipped) are too long or without an answer"
    throw EvaluationError(argument: "lessons", reason: cause)
  }
  return try meter.result(skipped: skipped)
}
