import CKernels

extension Tensor {
  /// So many rows or fewer share one reading of the weights, where no gradient is recorded; each row's results
  /// then have the same bits as they would have alone.
  public static var fewRows: Int { FewRows.most }

  /// Overwrites self (R, N), where R is at most `FewRows.most`, with the sum of some products x * weight' and a
  /// bias per column; every weight is read once.
  ///
  /// What a piece computes does not depend on where it begins, so pieces follow from the weights' bytes.
  func setToSum(ofFewRows terms: [(product: FewRows, scale: Float)], bytes: Int, bias: Tensor?) throws {
    let outputs = shape.last ?? 1, rows = shape.dropLast().reduce(1, *)
    let sum = dataType == .f32 ? self : Tensor.uninitialized(shape)
    let addend = terms.count > 1 ? Tensor.uninitialized(shape) : nil
    let size = Self.columnsPerPiece(outputs, bytes: bytes)
    try Parallel.pieces((outputs + size - 1) / size) { piece in
      let columns = piece * size..<Swift.min(outputs, (piece + 1) * size)
      for (number, term) in terms.enumerated() {
        let out = number == 0 ? sum : addend ?? sum
        term.product.multiply(columns, into: out.pointer)
        for row in 0..<rows {
          let first = row * outputs + columns.lowerBound
          if number > 0 {
            yy_add_scaled(sum.pointer + first, out.pointer + first, term.scale, columns.count)
          } else if term.scale != 1 {
            yy_scale(sum.pointer + first, sum.pointer + first, term.scale, columns.count)
          }
        }
      }
      for row in 0..<rows {
        let first = row * outputs + columns.lowerBound
        if let bias { yy_add_bias(sum.pointer + first, bias.pointer + columns.lowerBound, 1, columns.count) }
        if dataType == .bf16 { yy_to_bfloat16(bfloat16 + first, sum.pointer + first, columns.count) }
      }
    }
  }

  /// Pieces of 16 to 128 KB of weights: worth a thread's while, and short enough to wait for the last.
  private static func columnsPerPiece(_ outputs: Int, bytes: Int) -> Int {
    let wanted = Swift.min(Swift.max(bytes / 64, 1 << 14), 1 << 17)
    let size = outputs * wanted / Swift.max(1, bytes)
    return Swift.max(16, size & ~15)
  }
}
