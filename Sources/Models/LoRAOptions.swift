/// What `addLoRA` adds: which linears get an adapter, how it is scaled, and which whole modules are trained
/// beside it.
public struct LoRAOptions: Equatable, Sendable {
  public var rank: Int
  /// The adapter's output is scaled by alpha / rank.
  public var alpha: Double
  public var dropout: Double
  /// Any of "q", "k", "v", "o", "gate", "up", "down".
  public var targets: [String]
  /// Any of "embedding", "head", "norms".
  public var train: [String]
  public var seed: UInt64

  public static let allTargets = BlockModule.linears.map(\.rawValue)
  static let wholeModules = ["embedding", "head", "norms"]

  public init(
    rank: Int = 8, alpha: Double = 32, dropout: Double = 0, targets: [String] = ["q", "k", "v", "o"],
    train: [String] = [], seed: UInt64 = 0
  ) {
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.targets = targets
    self.train = train
    self.seed = seed
  }

  var scale: Float { Float(alpha / Double(rank)) }

  /// Throws `ModelError` naming the option that cannot be; returns the linears meant.
  @discardableResult
  func modules() throws -> [BlockModule] {
    guard rank > 0, rank < 1 << 16 else {
      throw ModelError(argument: "rank", reason: "a positive number expected, got \(rank)")
    }
    guard alpha > 0, alpha.isFinite else {
      throw ModelError(argument: "alpha", reason: "a positive number expected, got \(alpha)")
    }
    guard dropout >= 0, dropout < 1 else {
      throw ModelError(argument: "dropout", reason: "a number from 0 up to 1 expected, got \(dropout)")
    }
    guard !targets.isEmpty else {
      throw ModelError(argument: "targets", reason: "at least one name expected")
    }
    let known = Self.allTargets
    for target in targets where !known.contains(target) {
      throw ModelError(
        argument: "targets", reason: "unknown name '\(target)': \(known.joined(separator: ", ")) are known")
    }
    for name in train where !Self.wholeModules.contains(name) {
      let names = Self.wholeModules.joined(separator: ", ")
      throw ModelError(argument: "train", reason: "unknown name '\(name)': \(names) are known")
    }
    return BlockModule.linears.filter { targets.contains($0.rawValue) }
  }
}
