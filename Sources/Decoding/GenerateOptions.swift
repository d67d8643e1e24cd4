/// A function that may change the model's logits before a token is chosen: `(logits by token id, ids so far)`.
public typealias LogitsHook = (inout [Float], [Int32]) throws -> Void

/// How tokens are chosen and when generation ends.
public struct GenerateOptions {
  /// At most this many new tokens; nil: 256, or fewer where the context ends earlier.
  public var maxTokens: Int?
  /// Logits are divided by it; 0 chooses the likeliest token.
  public var temperature: Float
  /// Only this many of the likeliest tokens can be chosen; nil: all.
  public var topK: Int?
  /// Only the smallest set of likeliest tokens whose probabilities reach this sum can be chosen; nil: all.
  public var topP: Float?
  /// Divides positive and multiplies negative logits of every token that the context holds (CTRL, arXiv:1909.05858).
  public var repetitionPenalty: Float
  /// Text that ends generation and is not part of the answer.
  public var stop: [String]
  /// Fixes every choice; nil: another answer each time.
  public var seed: UInt64?
  /// Called first, on the model's own logits.
  public var logits: LogitsHook?

  public init(
    maxTokens: Int? = nil, temperature: Float = 1, topK: Int? = nil, topP: Float? = nil,
    repetitionPenalty: Float = 1, stop: [String] = [], seed: UInt64? = nil, logits: LogitsHook? = nil
  ) {
    self.maxTokens = maxTokens
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.repetitionPenalty = repetitionPenalty
    self.stop = stop
    self.seed = seed
    self.logits = logits
  }

  /// Throws a `DecodingError` that names the first option out of its range.
  public func validate() throws {
    func require(_ holds: Bool, _ argument: String, _ expected: String, _ got: some CustomStringConvertible)
      throws
    {
      if !holds { throw DecodingError(argument: argument, reason: "\(expected) expected, got \(got)") }
    }
    if let maxTokens { try require(maxTokens > 0, "max_tokens", "a positive number", maxTokens) }
    try require(temperature >= 0 && temperature.isFinite, "temperature", "a number from 0 on", temperature)
    if let topK { try require(topK > 0, "top_k", "a positive number", topK) }
    if let topP { try require(topP > 0 && topP <= 1, "top_p", "a number above 0 and up to 1", topP) }
    try require(
      repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition_penalty", "a positive number",
      repetitionPenalty)
    try require(!stop.contains(""), "stop", "text that is not empty", "\"\"")
  }
}

/// A wrong argument of a decoding function.
public struct DecodingError: Error, Equatable, CustomStringConvertible {
  public let argument: String
  public let reason: String

  public init(argument: String, reason: String) {
    self.argument = argument
    self.reason = reason
  }

  public var description: String { "\(argument): \(reason)" }
}
