/// A mistake in the use of an operation: which one, which argument of it, and why.
public struct TensorError: Error, Equatable, CustomStringConvertible {
  /// The operation's name as Lua shows it, such as `rms_norm`.
  public let op: String
  /// The argument's name as Lua shows it; the tensor a method belongs to is `self`.
  public let argument: String
  public let reason: String

  public init(op: String, argument: String, reason: String) {
    self.op = op
    self.argument = argument
    self.reason = reason
  }

  public var description: String { "\(op): \(argument): \(reason)" }
}

extension Tensor {
  /// Throws unless the shape is exactly `shape`.
  public func require(shape expected: [Int], as argument: String, of op: String) throws {
    guard shape == expected else {
      throw TensorError(op: op, argument: argument, reason: "shape \(expected) expected, got \(shape)")
    }
  }

  /// Throws unless there are exactly `count` axes.
  public func require(axes count: Int, as argument: String = "self", of op: String) throws {
    guard shape.count == count else {
      let axes = count == 1 ? "1 axis" : "\(count) axes"
      throw TensorError(op: op, argument: argument, reason: "\(axes) expected, got shape \(shape)")
    }
  }

  /// The tensor seen as rows of its last axis; throws for a scalar.
  public func rowsAndColumns(op: String, argument: String = "self") throws -> (rows: Int, columns: Int) {
    guard let columns = shape.last else {
      throw TensorError(op: op, argument: argument, reason: "at least 1 axis expected, got shape []")
    }
    return (shape.dropLast().reduce(1, *), columns)
  }
}
