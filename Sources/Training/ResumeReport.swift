/// What `ResumeVerification` found.
public struct ResumeReport: Sendable, CustomStringConvertible {
  /// A run beside the one that ran through, and how the two differ.
  public struct Comparison: Equatable, Sendable {
    /// "cut at step 37 and resumed".
    public let run: String
    /// In words, the first in time first; empty when every bit is the same.
    public let differences: [String]
    /// The first step whose records are not the same.
    public let step: Int?
  }

  /// The step after which the run was cut.
  public let at: Int
  /// The step up to which the runs went.
  public let steps: Int
  /// Threads of the runs that were compared beside; empty without such.
  public let threads: [Int]
  public let comparisons: [Comparison]
  /// How many tensors are trained, with the start of the SHA-256 of their names, shapes and bits at the end.
  public let weights: (count: Int, hash: String)
  /// The same of the optimizer's moments.
  public let moments: (count: Int, hash: String)

  /// Whether every run ended with the same bits.
  public var isEqual: Bool { comparisons.allSatisfy(\.differences.isEmpty) }

  /// The first step at which two runs parted; nil when none did, or only in what they ended with.
  public var step: Int? { comparisons.compactMap(\.step).min() }

  /// All differences, each with the run it belongs to.
  public var differences: [String] {
    comparisons.flatMap { comparison in comparison.differences.map { "\(comparison.run): \($0)" } }
  }

  public var description: String {
    guard isEqual else { return failure }
    var lines = [
      "verified: cut at step \(at) and resumed, the run has the same bits at step \(steps) as without a cut",
      "  weights  \(weights.count) tensors, sha256 \(weights.hash)",
      "  moments  \(moments.count) tensors, sha256 \(moments.hash)",
      "  metrics  \(steps) steps equal (but for times), sample ids and s.state equal",
    ]
    if !threads.isEmpty {
      lines.append("  threads  \(threads.map { "\($0)" }.joined(separator: ", ")): the same bits")
    }
    return lines.joined(separator: "\n")
  }

  private static let advice = """
      Hooks, schedules and weights of mixes must be pure functions of their arguments and s.state:
      one that keeps something elsewhere, as in a variable outside of it, makes runs differ.
    """

  private var failure: String {
    var lines = ["NOT verified: runs of this job differ (below, the one that ran through != the other)"]
    for comparison in comparisons where !comparison.differences.isEmpty {
      lines.append("  \(comparison.run):")
      lines += comparison.differences.map { "    \($0)" }
    }
    return lines.joined(separator: "\n") + "\n" + Self.advice
  }
}
