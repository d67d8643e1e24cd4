/// A user's mistake about a model, with the argument or configuration field it concerns.
public struct ModelError: Error, Equatable, CustomStringConvertible {
  /// The field or argument at fault, by the name its user wrote: `num_attention_heads`, `targets`.
  public let argument: String
  public let reason: String

  public init(argument: String, reason: String) {
    self.argument = argument
    self.reason = reason
  }

  public var description: String { "\(argument): \(reason)" }
}
