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

/// A loss or gradient that is not a finite number; no parameter has been changed by the step.
public struct NonFiniteError: Error, Equatable, CustomStringConvertible {
  public let step: Int
  /// "loss" or "gradient".
  public let quantity: String
  public let value: String
  /// The first layer or parameter, in the order of the computation, that holds such a value, if one does.
  public let place: String?
  /// Where the row's documents come from.
  public let samples: [String]

  public var description: String {
    let shown = samples.prefix(3).joined(separator: ", ")
    let more = samples.count > 3 ? " and \(samples.count - 3) more" : ""
    let location = samples.isEmpty ? "" : "; samples: \(shown)\(more)"
    let value = value == "-nan" ? "nan" : value
    return "step \(step): the \(quantity) is \(value)\(place.map { ", first in \($0)" } ?? "")\(location); "
      + "no parameter was changed"
  }
}
