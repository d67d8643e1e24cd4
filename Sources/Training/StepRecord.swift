public import Evaluation
public import Files
import OrderedCollections

/// What is known of one optimizer step once it is done.
public struct StepRecord {
  /// From 1.
  public let step: Int
  /// Mean negative log-likelihood in nats of the step's trained tokens, before the update.
  public let loss: Double
  public let learningRate: Double
  /// Of all gradients together, before clipping.
  public let gradientNorm: Double
  /// Positions that went through the model.
  public let tokens: Int
  /// Positions whose target counted in the loss.
  public let trainedTokens: Int
  public let seconds: Double
  /// The start of the sha256 of the ids of the step's samples, in order.
  public let samples: String
  /// By the names of the evaluation's sets; empty at most steps.
  public internal(set) var evaluations: [(name: String, result: EvaluationResult)] = []

  public var tokensPerSecond: Double { Double(tokens) / max(seconds, 1e-9) }

  /// The record as it stands in the metrics file and in histories: flat, in this order.
  public var fields: [(name: String, value: JSON)] {
    var fields: [(String, JSON)] = [
      ("step", .integer(Int64(step))), ("loss", .number(loss)), ("lr", .number(learningRate)),
      ("gradient_norm", .number(gradientNorm)), ("tokens", .integer(Int64(tokens))),
      ("trained_tokens", .integer(Int64(trainedTokens))), ("samples", .string(samples)),
    ]
    for (name, result) in evaluations {
      fields.append(("\(name)_nll", Self.json(result.nll)))
      fields.append(("\(name)_perplexity", Self.json(result.perplexity)))
      if let bits = result.bitsPerByte { fields.append(("\(name)_bits_per_byte", Self.json(bits))) }
    }
    fields.append(("seconds", .number(Self.rounded(seconds))))
    fields.append(("tokens_per_second", .number(Self.rounded(tokensPerSecond))))
    return fields
  }

  /// One JSON object.
  public var json: JSON {
    .object(OrderedDictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) }))
  }

  /// Whether a line of the metrics file is a step's record, and not one of changes at a resume.
  static func isStep(_ record: JSON) -> Bool { record["changes"] == nil }

  /// Timings differ between equal runs; tests and comparisons leave these fields out.
  public static let timingFields: Set<String> = ["seconds", "tokens_per_second"]

  /// What two runs must have in common.
  static func withoutTimes(_ record: JSON) -> OrderedDictionary<String, JSON> {
    (record.objectValue ?? [:]).filter { !timingFields.contains($0.key) }
  }

  /// JSON has no infinity: a perplexity beyond all numbers is null.
  private static func json(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }

  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
