/// Where a number that is not finite first appears, in the order of the computation.
public struct NonFinitePlace: Error, Equatable, Sendable, CustomStringConvertible {
  /// The layer's name in a Hugging Face folder, or a parameter's where that holds such a number itself.
  public let name: String
  /// The operation of the layer, such as `silu_multiply`; nil where a parameter holds the number.
  public let op: String?
  /// Whether it appears in the backward pass of the operation.
  public let isBackward: Bool
  /// The parameter whose gradient it appears in, if that is where.
  public let parameter: String?
  /// In which of the row's documents it appears, by their order.
  public let documents: [Int]

  init(
    name: String, op: String? = nil, isBackward: Bool = false, parameter: String? = nil, documents: [Int]
  ) {
    self.name = name
    self.op = op
    self.isBackward = isBackward
    self.parameter = parameter
    self.documents = documents
  }

  public var description: String {
    let start = isBackward ? "the backward pass of " : ""
    return start + name + (op.map { " (\($0))" } ?? "")
      + (parameter.map { ", in the gradient of \($0)" } ?? "")
  }
}
