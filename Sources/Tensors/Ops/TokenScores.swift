import CKernels

/// What a model thinks of one token.
public struct TokenScore: Equatable, Sendable {
  /// The natural logarithm of the token's probability.
  public let logProbability: Double
  /// The entropy of the whole distribution in nats.
  public let entropy: Double
  /// The token's place when all are sorted by probability, from 1; of equal ones the lower id comes first.
  public let rank: Int
}

extension Tensor {
  /// Log-probability, entropy and rank of each row's target; nil where the target is -1.
  ///
  /// Self is (T, C), `weight` (V, C). No gradient, logits in pieces.
  public func tokenScores(weight: Tensor, targets: [Int32]) throws -> [TokenScore?] {
    let pieces = try LogitPieces(x: self, weight: weight, targets: targets, op: "token_scores")
    let rows = try pieces.compact(self)
    let empty = TokenScore(logProbability: 0, entropy: 0, rank: 0)
    var scores = [TokenScore](repeating: empty, count: pieces.trained.count)
    try scores.withUnsafeMutableBufferPointer { scores in
      let scores = scores
      try pieces.forEach(rows: rows, weight: weight) { piece, _, logits in
        try Parallel.rows(piece.count, cost: 8 * pieces.vocabulary) { rows in
          for row in rows {
            var target = pieces.targets[piece.lowerBound + row]
            var logProbability = 0.0, entropy = 0.0, rank: Int32 = 0
            yy_token_scores(
              logits.pointer + row * pieces.vocabulary, &target, &logProbability, &entropy, &rank, 1,
              pieces.vocabulary)
            scores[piece.lowerBound + row] = TokenScore(
              logProbability: logProbability, entropy: entropy, rank: Int(rank))
          }
        }
      }
    }
    var out = [TokenScore?](repeating: nil, count: targets.count)
    for (row, score) in zip(pieces.trained, scores) { out[Int(row)] = score }
    return out
  }
}
