import Glibc
import Processes
import Tensors

/// How far a merged model is from the model with its adapter beside the weights, over the tokens of a text.
public struct MergeCheck: Equatable, Sendable {
  /// Positions compared.
  public private(set) var tokens = 0
  /// The largest difference between two logits.
  public private(set) var maxDifference = 0.0
  /// The share of positions where both find the same token the likeliest.
  public var topAgreement: Double { Double(agreeing) / Double(max(1, tokens)) }
  /// The Kullback-Leibler divergence of the merged model's next token from the adapted model's, KL(adapted || merged):
  /// the mean, in nats a token.
  public var divergence: Double { total / Double(max(1, tokens)) }

  private var agreeing = 0
  private var total = 0.0

  /// - Parameters:
  ///   - adapted: the states (T,C) that the head (V,C) reads, a tensor for each piece of text.
  ///   - merged: the same of the merged model.
  init(adapted: [Tensor], merged: [Tensor], head: Tensor) throws {
    for (before, after) in zip(adapted, merged) {
      for start in stride(from: 0, to: before.shape[0], by: Self.rows) {
        try Interrupt.check()
        let range = start..<min(before.shape[0], start + Self.rows)
        let (p, q) = try withoutGradients {
          try (before.rows(range).linear(weight: head).values, after.rows(range).linear(weight: head).values)
        }
        for first in stride(from: 0, to: p.count, by: head.shape[0]) {
          compare(p[first..<first + head.shape[0]], q[first..<first + head.shape[0]])
        }
      }
    }
  }

  /// Rows whose logits are held at a time.
  private static let rows = 64

  private mutating func compare(_ p: ArraySlice<Float>, _ q: ArraySlice<Float>) {
    let (adapted, merged) = (LogProbabilities(p), LogProbabilities(q))
    for (a, b) in zip(p, q) {
      let difference = abs(Double(a) - Double(b))
      // One that is no number stays.
      if !(difference <= maxDifference), !maxDifference.isNaN { maxDifference = difference }
      let own = adapted[a]
      total += exp(own) * (own - merged[b])
    }
    agreeing += adapted.likeliest == merged.likeliest ? 1 : 0
    tokens += 1
  }
}

/// Turns the logits of one position into logarithms of probabilities, in double precision.
private struct LogProbabilities {
  /// The likeliest token, the first of several.
  let likeliest: Int
  private let shift: Double

  init(_ logits: ArraySlice<Float>) {
    let largest = logits.max() ?? 0
    likeliest = (logits.firstIndex(of: largest) ?? logits.startIndex) - logits.startIndex
    shift = Double(largest) + log(logits.reduce(0) { $0 + exp(Double($1) - Double(largest)) })
  }

  subscript(logit: Float) -> Double { Double(logit) - shift }
}

extension MergeCheck: CustomStringConvertible {
  public var description: String {
    func short(_ value: Double) -> String { Tensor.text(of: Float(value)) }
    let share = "\(agreeing) of \(tokens) positions"
    return "merged against adapter: logits differ by at most \(short(maxDifference)), "
      + "KL \(short(divergence)) nats a token, same likeliest token at \(share)"
  }
}
