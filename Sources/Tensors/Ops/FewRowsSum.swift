import CKernels

extension Tensor {
  /// So many rows or fewer share one reading of the weights, where that is asked for (`readsOnce`); each row's
  /// results then have the same bits as they would have alone.
  public static var fewRows: Int { FewRows.most }

  /// Overwrites self (R, N), where R is at most `FewRows.most`, with the sum of some terms x * weight', a bias per
  /// column and another tensor; every weight is read once.
  ///
  /// What a piece computes does not depend on where it begins, so pieces follow from the weights' bytes.
  func setToSum(
    ofFewRows terms: [ProductTerm], bias: Tensor?, plus other: Tensor?, multipliedAs type: DataType
  ) throws {
    let products = terms.map { FewRows($0.a.converted(to: type, purpose: .activations), weight: $0.b) }
    let outputs = shape.last ?? 1, rows = shape.dropLast().reduce(1, *)
    let sum = dataType == .f32 ? self : Tensor.uninitialized(shape)
    let addend = terms.count > 1 ? Tensor.uninitialized(shape) : sum
    let size = Self.columnsPerPiece(outputs, bytes: terms.reduce(0) { $0 + $1.b.byteCount })
    let parts = zip(products, terms).map { (work: $0.work, scale: $1.scale) }
    // Pointers, because counting references from two threads takes longer than some pieces.
    let (y, added, halves) = (sum.pointer, addend.pointer, dataType == .bf16 ? bfloat16 : nil)
    let (biases, others) = (bias?.pointer, other?.pointer)
    try parts.withUnsafeBufferPointer { parts in
      try Parallel.pieces((outputs + size - 1) / size) { piece in
        let columns = piece * size..<Swift.min(outputs, (piece + 1) * size), count = columns.count
        for number in parts.indices {
          let scale = parts[number].scale
          parts[number].work.multiply(columns, into: number == 0 ? y : added)
          for first in stride(from: columns.lowerBound, to: rows * outputs, by: outputs) {
            if number > 0 {
              yy_add_scaled(y + first, added + first, scale, count)
            } else if scale != 1 {
              yy_scale(y + first, y + first, scale, count)
            }
          }
        }
        for first in stride(from: columns.lowerBound, to: rows * outputs, by: outputs) {
          if let biases { yy_add_bias(y + first, biases + columns.lowerBound, 1, count) }
          if let others { yy_add_scaled(y + first, others + first, 1, count) }
          if let halves { yy_to_bfloat16(halves + first, y + first, count) }
        }
      }
    }
    withExtendedLifetime((products, sum, addend, bias, other)) {}
  }

  /// Pieces of 32 to 256 KB of weights: long enough to be read as one stream, short enough to wait for the last.
  private static func columnsPerPiece(_ outputs: Int, bytes: Int) -> Int {
    let wanted = Swift.min(Swift.max(bytes / 16, 1 << 15), 1 << 18)
    let size = outputs * wanted / Swift.max(1, bytes)
    return Swift.max(16, size & ~15)
  }
}
