import Corpus
import Models

/// A loss or gradient that is not a finite number; no parameter has been changed by the step.
public struct NonFiniteError: Error, Equatable, CustomStringConvertible {
  public let step: Int
  /// "loss" or "gradient".
  public let quantity: String
  public let value: String
  /// The first operation or parameter, in the order of the computation, that gives or holds such a value.
  public let place: String?
  /// Where the documents in which it appears come from.
  public let samples: [String]

  init(step: Int, quantity: String, value: String, place: String?, samples: [String]) {
    self.step = step
    self.quantity = quantity
    self.value = value
    self.place = place
    self.samples = samples
  }

  /// Names the samples of the documents that `place` names, all of the row's without one.
  init(step: Int, quantity: String, value: Double, place: NonFinitePlace?, in row: Row) {
    self.init(
      step: step, quantity: quantity, value: "\(value)", place: place?.description,
      samples: place.map { $0.documents.map { row.samples[$0] } } ?? row.samples)
  }

  public var description: String {
    let shown = samples.prefix(3).joined(separator: ", ")
    let more = samples.count > 3 ? " and \(samples.count - 3) more" : ""
    let location = samples.isEmpty ? "" : "; samples: \(shown)\(more)"
    let value = value == "-nan" ? "nan" : value
    return "step \(step): the \(quantity) is \(value)\(place.map { ", first in \($0)" } ?? "")\(location); "
      + "no parameter was changed"
  }
}
