import Glibc
import Tensors

/// Chooses the next token from logits.
///
/// The order is that of Transformers: the caller's function, repetition penalty, temperature, top-k, top-p, one draw.
/// Equal logits rank by the lower id. The draw depends on the seed and the position only, never on earlier calls.
public struct Sampler {
  public let options: GenerateOptions
  public let seed: UInt64

  public init(_ options: GenerateOptions) throws {
    try options.validate()
    self.options = options
    self.seed = options.seed ?? UInt64.random(in: 0...UInt64.max)
  }

  /// The id that follows `ids` (the whole context, prompt included), given the logits of its last position.
  public func next(_ logits: [Float], after ids: [Int32]) throws -> Int32 {
    var logits = logits
    if let hook = options.logits {
      let count = logits.count
      try hook(&logits, ids)
      precondition(logits.count == count, "a logits hook keeps the number of logits")
    }
    penalizeRepetition(in: &logits, of: ids)
    if options.temperature == 0 { return try likeliest(logits) }
    let candidates = try candidates(logits)
    var stream = RandomStream(RandomKey(seed: seed, "decoding", UInt64(ids.count)))
    return draw(from: candidates, at: stream.uniform())
  }

  /// The tokens that can be chosen with their probabilities, likeliest first.
  ///
  /// `logits` have had their repetition penalty; temperature, top-k and top-p are applied here.
  public func candidates(_ logits: [Float]) throws -> [Candidate] {
    let scaled = logits.map { $0 / (options.temperature == 0 ? 1 : options.temperature) }
    let greatest = scaled[Int(try likeliest(scaled))]
    var kept =
      if let topK = options.topK { largest(topK, of: scaled) } else {
        scaled.indices.filter { scaled[$0] > -.infinity }.map { Int32($0) }
      }
    var weights = kept.map { exp(Double(scaled[Int($0)] - greatest)) }
    var total = weights.reduce(0, +)
    if let topP = options.topP, topP < 1 {
      let wanted = Double(topP) * total
      if options.topK == nil {
        // The tokens below this weight sum to less than 1 - top_p, so the set is complete without them.
        let least = (1 - Double(topP)) * total / Double(kept.count) * (1 - 1e-9)
        (kept, weights) = sorted(kept, weights) { $0 >= least }
      }
      var sum = 0.0
      var count = 0
      while count < kept.count, count == 0 || sum < wanted {
        sum += weights[count]
        count += 1
      }
      kept.removeLast(kept.count - count)
      weights.removeLast(weights.count - count)
      total = sum
    } else if options.topK == nil {
      (kept, weights) = sorted(kept, weights) { _ in true }
    }
    return zip(kept, weights).map { Candidate(id: $0, probability: $1 / total) }
  }

  /// A token that can be chosen.
  public struct Candidate: Equatable, Sendable {
    public let id: Int32
    public let probability: Double
  }

  /// Divides positive logits of tokens of the context by the penalty and multiplies negative ones by it, once each.
  public func penalizeRepetition(in logits: inout [Float], of ids: [Int32]) {
    let penalty = options.repetitionPenalty
    guard penalty != 1 else { return }
    for id in Set(ids) where logits.indices.contains(Int(id)) {
      let value = logits[Int(id)]
      logits[Int(id)] = value > 0 ? value / penalty : value * penalty
    }
  }

  private func likeliest(_ logits: [Float]) throws -> Int32 {
    var best = -1
    for (id, value) in logits.enumerated() {
      if value.isNaN || value == .infinity {
        throw DecodingError(argument: "logits", reason: "the value of token \(id) is \(value)")
      }
      if best < 0 ? value > -.infinity : value > logits[best] { best = id }
    }
    guard best >= 0 else { throw DecodingError(argument: "logits", reason: "every token is excluded (-inf)") }
    return Int32(best)
  }

  /// The ids of the `count` largest values, largest first, equal ones by id; -inf never counts.
  private func largest(_ count: Int, of logits: [Float]) -> [Int32] {
    var kept: [Int32] = []
    var floor = -Float.infinity
    func trim() {
      kept.sort { (logits[Int($0)], $1) > (logits[Int($1)], $0) }
      kept.removeLast(max(0, kept.count - count))
      if kept.count == count { floor = logits[Int(kept[count - 1])] }
    }
    for id in logits.indices where logits[id] > floor {
      kept.append(Int32(id))
      if kept.count >= 2 * max(count, 32) { trim() }
    }
    trim()
    return kept
  }

  private func sorted(
    _ ids: [Int32], _ weights: [Double], where isKept: (Double) -> Bool
  ) -> ([Int32], [Double]) {
    var pairs = zip(ids, weights).filter { isKept($0.1) }
    pairs.sort { ($0.1, $1.0) > ($1.1, $0.0) }
    return (pairs.map(\.0), pairs.map(\.1))
  }

  private func draw(from candidates: [Candidate], at point: Double) -> Int32 {
    var sum = 0.0
    for candidate in candidates {
      sum += candidate.probability
      if point < sum { return candidate.id }
    }
    return candidates[candidates.count - 1].id  // the sum ended a rounding error below 1
  }

}
