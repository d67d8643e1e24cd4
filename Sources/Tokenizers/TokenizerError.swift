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
}
