/// A wrong argument of a training function, or data that cannot be trained on.
public struct TrainingError: Error, Equatable, CustomStringConvertible {
  public let argument: String
  public let reason: String

  public init(argument: String, reason: String) {
    self.argument = argument
    self.reason = reason
  }

  public var description: String { "\(argument): \(reason)" }
}
