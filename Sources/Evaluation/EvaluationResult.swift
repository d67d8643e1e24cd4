import Glibc

/// How well a model predicts text, with everything needed to compare the number with another one.
public struct EvaluationResult: Equatable, Sendable, CustomStringConvertible {
  /// Sum of the negative log-likelihoods in nats over the predicted tokens.
  public let totalNLL: Double
  /// Predicted tokens, each counted once; BOS is given and not among them.
  public let tokens: Int
  /// UTF-8 bytes of the text, of lessons those of their answers; nil where rows of ids were measured.
  public let bytes: Int?
  /// Unicode scalars, likewise.
  public let characters: Int?
  /// Documents, or rows of ids.
  public let documents: Int
  /// Lessons that were not measured: longer than asked for, or without an answer.
  public let skipped: Int
  /// Predicted tokens of the longest window, and the advance of windows over texts longer than it; 0 for rows.
  public let window: Int
  public let stride: Int

  public init(
    totalNLL: Double, tokens: Int, bytes: Int?, characters: Int?, documents: Int, skipped: Int = 0,
    window: Int, stride: Int
  ) {
    self.totalNLL = totalNLL
    self.tokens = tokens
    self.bytes = bytes
    self.characters = characters
    self.documents = documents
    self.skipped = skipped
    self.window = window
    self.stride = stride
  }

  /// Mean, in nats a predicted token.
  public var nll: Double { totalNLL / Double(tokens) }
  /// exp(nll): comparable only under the same tokenizer.
  public var perplexity: Double { exp(nll) }
  /// Comparable across tokenizers; the end of an answer is in the sum, and has no bytes.
  public var bitsPerByte: Double? { bytes.map { totalNLL / (log(2) * Double($0)) } }
  /// Comparable across tokenizers.
  public var bitsPerCharacter: Double? { characters.map { totalNLL / (log(2) * Double($0)) } }

  public var description: String {
    var parts = ["nll \(fixed(nll))", "perplexity \(fixed(perplexity))"]
    if let bitsPerByte { parts.append("bits/byte \(fixed(bitsPerByte))") }
    if let bitsPerCharacter { parts.append("bits/character \(fixed(bitsPerCharacter))") }
    parts.append("\(tokens) tokens")
    if let bytes, let characters { parts.append("\(bytes) bytes, \(characters) characters") }
    parts.append("\(documents) \(bytes == nil ? "row" : "document")\(documents == 1 ? "" : "s")")
    if skipped > 0 { parts.append("\(skipped) skipped") }
    if window > 0 { parts.append("window \(window), stride \(stride), BOS given and not counted") }
    return parts.joined(separator: "; ")
  }

  private func fixed(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    let scaled = Int((abs(value) * 10_000).rounded())
    let digits = "\(scaled % 10_000)"
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return "\(sign)\(scaled / 10_000).\(String(repeating: "0", count: 4 - digits.count))\(digits)"
  }
}

/// A wrong argument of an evaluation function.
public struct EvaluationError: Error, Equatable, CustomStringConvertible {
  public let argument: String
  public let reason: String

  public init(argument: String, reason: String) {
    self.argument = argument
    self.reason = reason
  }

  public var description: String { "\(argument): \(reason)" }
}
