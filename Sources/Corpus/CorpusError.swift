/// An argument of a data function that cannot be used, or data that do not fit together.
public struct CorpusError: Error, Equatable, CustomStringConvertible {
  /// The option at fault.
  public let argument: String
  public let reason: String

  public init(argument: String, reason: String) {
    self.argument = argument
    self.reason = reason
  }

  public var description: String { "\(argument): \(reason)" }
}
