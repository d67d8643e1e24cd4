public import Models
import Tensors
import Tokenizers

/// How the model saw one token coming.
public struct ScoredToken: Equatable, Sendable {
  public let id: Int32
  public let piece: String
  /// In nats.
  public let logProbability: Double
  /// Of the model's whole distribution at this place, in nats.
  public let entropy: Double
  /// 1 for the likeliest token.
  public let rank: Int
}

/// Scores each token of a text that fits into the context, from BOS, which is given and not scored.
public func score(_ model: LanguageModel, _ text: String) throws -> [ScoredToken] {
  let tokenizer = try model.requireTokenizer()
  let tokens = try tokenizer.encode(text)
  let context = model.transformer.spec.maxPositionEmbeddings
  guard tokens.count <= context else {
    throw EvaluationError(
      argument: "text", reason: "\(tokens.count) tokens do not fit into the model's context of \(context)")
  }
  guard let window = WindowPlan(tokens: tokens.count, window: context, stride: context).windows.first else {
    return []
  }
  let row = WindowRow(window, of: tokens, bos: tokenizer.bosID)
  guard !row.ids.isEmpty else { return [] }
  let scores = try model.transformer.tokenScores(
    ids: row.ids, targets: row.targets, documents: [row.ids.count])
  return zip(row.targets, scores).compactMap { id, score in
    score.map {
      ScoredToken(
        id: id, piece: tokenizer.piece(id) ?? "", logProbability: $0.logProbability, entropy: $0.entropy,
        rank: $0.rank)
    }
  }
}
