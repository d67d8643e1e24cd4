import CKernels

/// Which elements to set to zero, decided by a key: the backward pass makes the same choice again, so nothing
/// is stored.
public struct Dropout: Hashable, Sendable {
  /// The share of elements set to zero, in [0, 1); kept in steps of 1/65536.
  public let probability: Float
  public let key: RandomKey

  public init(probability: Float, key: RandomKey) {
    self.probability = probability
    self.key = key
  }

  /// An element is dropped when its 16 random bits are below this.
  var threshold: UInt32 { UInt32((probability * 65536).rounded()) }

  /// What the others are multiplied by, so that the expected value stays: 65536 / (65536 - threshold).
  var keep: Float { Float(65536 / (65536 - Double(threshold))) }

  var isIdentity: Bool { threshold == 0 }

  func check(op: String, argument: String) throws {
    guard probability >= 0, probability < 1, threshold < 65536 else {
      let reason = "a probability of at least 0 and below 1 expected, got \(probability)"
      throw TensorError(op: op, argument: argument, reason: reason)
    }
  }

  /// out = mask * x, or out += mask * x.
  ///
  /// `out` may be `x` when it is not added to.
  func apply(to x: Tensor, into out: Tensor, adding: Bool = false) throws {
    precondition(x.count == out.count, "dropout keeps the shape")
    let group = YY_DROPOUT_GROUP
    try Parallel.rows((x.count + group - 1) / group, cost: group * 2) { groups in
      let first = groups.lowerBound * group
      let count = min(groups.upperBound * group, x.count) - first
      yy_dropout(
        out.pointer + first, x.pointer + first, first, count, threshold, keep, key.key, key.high,
        adding ? 1 : 0)
    }
  }
}
