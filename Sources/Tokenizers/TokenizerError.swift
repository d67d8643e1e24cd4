/// What is wrong with a tokenizer, or with what was asked of it.
public struct TokenizerError: Error, Equatable, CustomStringConvertible {
  /// A path, or the name of what failed.
  public let subject: String
  public let reason: String

  public init(_ subject: String, _ reason: String) {
    self.subject = subject
    self.reason = reason
  }

  public var description: String { "\(subject): \(reason)" }

  /// The message for a vocabulary that a model has no rows, or too many rows, for.
  public static func sizeMismatch(tokenizer: Int, model: Int) -> TokenizerError {
    let advice =
      tokenizer > model
      ? "extend the model's vocabulary to this tokenizer first (extend_vocabulary)"
      : "load the tokenizer that belongs to the model"
    return TokenizerError(
      "tokenizer", "\(tokenizer) pieces, but the model has \(model) embedding rows; \(advice)")
  }
}
