import CKernels

/// One product of a sum of products: scale * op(a) * op(b), where op turns a matrix over where asked.
///
/// Tensors of more than two axes count as rows of their last axis.
struct ProductTerm {
  let a: Tensor
  let b: Tensor
  var transposeA = false
  var transposeB = false
  var scale: Float = 1

  fileprivate var m: Int { transposeA ? a.columns : a.rowCount }
  fileprivate var n: Int { transposeB ? b.rowCount : b.columns }
  fileprivate var k: Int { transposeA ? a.rowCount : a.columns }

  /// The same term of numbers of one type.
  ///
  /// - Parameter precision: the type whose numbers quantised weights stand for, where another one stands in for it.
  fileprivate func converted(to type: DataType, precision: DataType) -> ProductTerm {
    let (a, b) = (a.dequantized(to: precision), b.dequantized(to: precision))
    return ProductTerm(
      a: a.converted(to: type, purpose: .activations), b: b.converted(to: type, purpose: .activations),
      transposeA: transposeA, transposeB: transposeB, scale: scale)
  }
}

extension Tensor {
  /// Self, or of quantised weights the numbers they stand for.
  fileprivate func dequantized(to type: DataType) -> Tensor {
    dataType.isPlain ? self : converted(to: type, purpose: .activations)
  }

  fileprivate var columns: Int { shape.last ?? 1 }
  fileprivate var rowCount: Int { shape.dropLast().reduce(1, *) }

  /// Overwrites self with the sum of some products, a bias per column and another tensor, or adds them to it.
  ///
  /// The numbers are multiplied as `type` and summed in f32; where the CPU has no product of bf16 numbers, bf16 ones are
  /// made f32 first. The result is cut into pieces by its shape alone, and a piece sums all terms while it is in
  /// the cache. Only f32 can be added to.
  ///
  /// - Parameter readsOnce: whether weights of `FewRows.most` rows or fewer are read as they lie, once each, as
  ///   decoding wants it; for terms x * weight'.
  func setToSum(
    of terms: [ProductTerm], bias: Tensor? = nil, plus other: Tensor? = nil, adding: Bool = false,
    multipliedAs type: DataType, readsOnce: Bool = false
  ) throws {
    guard let first = terms.first else { preconditionFailure("a sum has a term") }
    if readsOnce, first.m <= FewRows.most {
      precondition(!adding && terms.allSatisfy { $0.transposeB && !$0.transposeA }, "terms are x * weight'")
      return try setToSum(ofFewRows: terms, bias: bias, plus: other, multipliedAs: type)
    }
    let provider = try MatrixProducts.current
    let used = type == .bf16 && !provider.multipliesBFloat16 ? .f32 : type
    let terms = terms.map { $0.converted(to: used, precision: type) }
    let (m, n) = (first.m, first.n)
    precondition(terms.allSatisfy { $0.m == m && $0.n == n } && count == m * n, "terms have one shape")
    precondition(other == nil || (other?.count == count && dataType == .f32 && !adding), "f32 is added to")
    let cut = MatrixCut(m: m, n: n, k: first.k)
    let scratch = dataType == .f32 ? nil : Scratch(size: cut.pieceElements(m: m, n: n), pieces: cut.count)
    try Parallel.pieces(cut.count) { piece in
      let start = piece * cut.size
      let rows = cut.alongRows ? start..<min(m, start + cut.size) : 0..<m
      let columns = cut.alongRows ? 0..<n : start..<min(n, start + cut.size)
      guard let scratch else {
        let piece = ProductPiece(
          rows: rows, columns: columns, to: pointer + rows.lowerBound * n + columns.lowerBound, stride: n)
        if let other { piece.copy(other.pointer + rows.lowerBound * n + columns.lowerBound) }
        return piece.fill(terms, bias, adding: adding || other != nil, provider)
      }
      scratch.withSlot { floats in
        ProductPiece(rows: rows, columns: columns, to: floats, stride: columns.count)
          .fill(terms, bias, adding: false, provider)
        for (place, row) in rows.enumerated() {
          yy_to_bfloat16(
            bfloat16 + row * n + columns.lowerBound, floats + place * columns.count, columns.count)
        }
      }
    }
    withExtendedLifetime(terms) {}
  }
}

/// A part of a result: some rows and columns of it, and where it is summed.
private struct ProductPiece {
  let rows: Range<Int>
  let columns: Range<Int>
  let result: UnsafeMutablePointer<Float>
  let stride: Int

  init(rows: Range<Int>, columns: Range<Int>, to result: UnsafeMutablePointer<Float>, stride: Int) {
    (self.rows, self.columns, self.result, self.stride) = (rows, columns, result, stride)
  }

  /// Starts from the same part of another matrix.
  func copy(_ part: UnsafePointer<Float>) {
    for row in 0..<rows.count {
      (result + row * stride).update(from: part + row * stride, count: columns.count)
    }
  }

  func fill(_ terms: [ProductTerm], _ bias: Tensor?, adding: Bool, _ provider: any MatrixProduct) {
    for (number, term) in terms.enumerated() {
      multiply(term, beta: adding || number > 0 ? 1 : 0, provider)
    }
    if let bias {
      for place in 0..<rows.count {
        yy_add_bias(result + place * stride, bias.pointer + columns.lowerBound, 1, columns.count)
      }
    }
  }

  private func multiply(_ term: ProductTerm, beta: Float, _ provider: any MatrixProduct) {
    let (lda, ldb) = (term.a.columns, term.b.columns)
    let offsetA = term.transposeA ? rows.lowerBound : rows.lowerBound * lda
    let offsetB = term.transposeB ? columns.lowerBound * ldb : columns.lowerBound
    provider.multiply(
      m: rows.count, n: columns.count, k: term.k, alpha: term.scale, a: term.a.matrix + offsetA, lda: lda,
      transposeA: term.transposeA, b: term.b.matrix + offsetB, ldb: ldb, transposeB: term.transposeB,
      beta: beta, c: result, ldc: stride)
  }
}
