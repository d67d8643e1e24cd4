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
    var stream = RandomStream(RandomKey(seed: seed, "decoding", UInt64(ids.count)))
    if options.topK == nil, options.topP ?? 1 == 1 { return try drawFromAll(logits, at: stream.uniform()) }
    return draw(from: try candidates(logits), at: stream.uniform())
  }

  /// The tokens that can be chosen with their probabilities, likeliest first.
  ///
  /// `logits` have had their repetition penalty; temperature, top-k and top-p are applied here.
  public func candidates(_ logits: [Float]) throws -> [Candidate] {
    let scaled = scaled(logits)
    let greatest = scaled[Int(try likeliest(scaled))]
    var kept =
      if let topK = options.topK { largest(topK, of: scaled) } else {
        scaled.indices.filter { scaled[$0] > -.infinity }.map { Int32($0) }
      }
    var weights = weights(of: kept.map { scaled[Int($0)] }, greatest)
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

  private func scaled(_ logits: [Float]) -> [Float] {
    let temperature = options.temperature == 0 ? 1 : options.temperature
    return temperature == 1 ? logits : logits.map { $0 / temperature }
  }

  /// e to the power of each value less the greatest.
  private func weights(of values: [Float], _ greatest: Float) -> [Double] {
    [Double](unsafeUninitializedCapacity: values.count) { weights, count in
      Parallel.allRows(values.count, cost: 16) { piece in
        for place in piece { weights[place] = exp(Double(values[place] - greatest)) }
      }
      count = values.count
    }
  }

  private func likeliest(_ logits: [Float]) throws -> Int32 {
    let best = logits.withUnsafeBufferPointer { logits in
      var best = -1, greatest = -Float.infinity
      for id in logits.indices {
        // Not less than infinity are infinity and NaN.
        if !(logits[id] < .infinity) { return -2 - id }
        if logits[id] > greatest { (best, greatest) = (id, logits[id]) }
      }
      return best
    }
    if best < -1 {
      let id = -2 - best
      throw DecodingError(argument: "logits", reason: "the value of token \(id) is \(logits[id])")
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

  /// What `draw` from the `candidates` of all tokens gives, but only those are put in order that come before
  /// the point: first the weights down to 1/16, then those down to 1/256, and so on.
  func drawFromAll(_ logits: [Float], at point: Double) throws -> Int32 {
    let scaled = scaled(logits)
    let greatest = scaled[Int(try likeliest(scaled))]
    let weights = weights(of: scaled, greatest)
    let total = weights.reduce(0, +)
    var sum = 0.0, last: Int32 = 0, above = Double.infinity
    for bits in [4, 8, 12, 16, 24, 32, 64, 2000] {
      let least = exp2(Double(-bits))
      let ids = weights.indices.filter {
        weights[$0] < above && weights[$0] >= least && scaled[$0] > -.infinity
      }
      let (order, shares) = sorted(ids.map { Int32($0) }, ids.map { weights[$0] }) { _ in true }
      for (id, weight) in zip(order, shares) {
        sum += weight / total
        if point < sum { return id }
        last = id
      }
      above = least
    }
    return last  // the sum ended a rounding error below 1
  }
}
