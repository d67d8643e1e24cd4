import CKernels

extension Tensor {
  /// So many rows or fewer share one reading of the weights, where no gradient is recorded; each row's results
  /// then have the same bits as they would have alone.
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
    try Parallel.pieces((outputs + size - 1) / size) { piece in
      let columns = piece * size..<Swift.min(outputs, (piece + 1) * size), count = columns.count
      for (number, product) in products.enumerated() {
        let scale = terms[number].scale
        product.multiply(columns, into: (number == 0 ? sum : addend).pointer)
        for first in stride(from: columns.lowerBound, to: rows * outputs, by: outputs) {
          if number > 0 {
            yy_add_scaled(sum.pointer + first, addend.pointer + first, scale, count)
          } else if scale != 1 {
            yy_scale(sum.pointer + first, sum.pointer + first, scale, count)
          }
        }
      }
      for first in stride(from: columns.lowerBound, to: rows * outputs, by: outputs) {
        if let bias { yy_add_bias(sum.pointer + first, bias.pointer + columns.lowerBound, 1, count) }
        if let other { yy_add_scaled(sum.pointer + first, other.pointer + first, 1, count) }
        if dataType == .bf16 { yy_to_bfloat16(bfloat16 + first, sum.pointer + first, count) }
      }
    }
  }

  /// Pieces of 32 to 256 KB of weights: long enough to be read as one stream, short enough to wait for the last.
  private static func columnsPerPiece(_ outputs: Int, bytes: Int) -> Int {
    let wanted = Swift.min(Swift.max(bytes / 16, 1 << 15), 1 << 18)
    let size = outputs * wanted / Swift.max(1, bytes)
    return Swift.max(16, size & ~15)
  }
}
