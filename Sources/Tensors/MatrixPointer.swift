/// Where a matrix of one of the plain types begins.
enum MatrixPointer {
  case f32(UnsafePointer<Float>)
  case bf16(UnsafePointer<UInt16>)

  static func + (pointer: MatrixPointer, elements: Int) -> MatrixPointer {
    switch pointer {
    case .f32(let first): .f32(first + elements)
    case .bf16(let first): .bf16(first + elements)
    }
  }
}

extension Tensor {
  /// The first element of a tensor of a plain type.
  var matrix: MatrixPointer { dataType == .f32 ? .f32(pointer) : .bf16(bfloat16) }
}

extension MatrixProduct {
  /// The product of two matrices of one type, summed in f32.
  func multiply(
    m: Int, n: Int, k: Int, alpha: Float,
    a: MatrixPointer, lda: Int, transposeA: Bool,
    b: MatrixPointer, ldb: Int, transposeB: Bool,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    switch (a, b) {
    case (.f32(let a), .f32(let b)):
      multiply(
        m: m, n: n, k: k, alpha: alpha, a: a, lda: lda, transposeA: transposeA, b: b, ldb: ldb,
        transposeB: transposeB, beta: beta, c: c, ldc: ldc)
    case (.bf16(let a), .bf16(let b)):
      multiply(
        m: m, n: n, k: k, alpha: alpha, a: a, lda: lda, transposeA: transposeA, b: b, ldb: ldb,
        transposeB: transposeB, beta: beta, c: c, ldc: ldc)
    default: preconditionFailure("the matrices of a product have one type")
    }
  }
}
