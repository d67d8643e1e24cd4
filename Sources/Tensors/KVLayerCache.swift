import Glibc

/// The keys and values that one layer has computed so far, for decoding.
public final class KVLayerCache {
  /// Keys after the rotary turn, (kvHeads, capacity, headWidth), so that a head is read from end to end; rows from
  /// `length` on are not yet written.
  public let keys: Tensor
  public let values: Tensor
  public let capacity: Int
  public let kvHeads: Int
  public let headWidth: Int
  /// The rows written.
  public private(set) var length = 0

  /// - Parameter type: f32 or bf16; of the keys and values that will be appended.
  public init(capacity: Int, kvHeads: Int, headWidth: Int, type: DataType = .f32) throws {
    precondition(type.isPlain, "keys and values are f32 or bf16")
    let shape = [kvHeads, capacity, headWidth]
    keys = try Tensor.allocate(shape, type: type, purpose: .cache, op: "cache", argument: "capacity")
    values = try Tensor.allocate(shape, type: type, purpose: .cache, op: "cache", argument: "capacity")
    (self.capacity, self.kvHeads, self.headWidth) = (capacity, kvHeads, headWidth)
  }

  /// Writes the next rows, (n, kvHeads * headWidth) each.
  public func append(keys newKeys: Tensor, values newValues: Tensor) throws {
    try newKeys.require(axes: 2, as: "keys", of: "cache")
    let rows = newKeys.shape[0], columns = kvHeads * headWidth
    try newKeys.require(shape: [rows, columns], as: "keys", of: "cache")
    try newValues.require(shape: [rows, columns], as: "values", of: "cache")
    guard rows <= capacity - length else {
      let reason = "at most \(capacity - length) more of \(capacity) rows expected, got \(rows)"
      throw TensorError(op: "cache", argument: "keys", reason: reason)
    }
    precondition(
      newKeys.dataType == keys.dataType && newValues.dataType == keys.dataType, "a cache has one type")
    let width = keys.dataType.byteCount([headWidth])
    for row in 0..<rows {
      for head in 0..<kvHeads {
        let from = (row * kvHeads + head) * width, to = (head * capacity + length + row) * width
        memcpy(keys.raw + to, newKeys.raw + from, width)
        memcpy(values.raw + to, newValues.raw + from, width)
      }
    }
    length += rows
  }

  /// Forgets all rows from `length` on.
  public func truncate(to length: Int) {
    precondition(length >= 0 && length <= self.length, "a cache is cut to a part of what it holds")
    self.length = length
  }
}
