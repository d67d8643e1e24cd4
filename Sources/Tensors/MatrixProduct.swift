import Glibc
import Processes

/// A library that multiplies matrices on the calling thread.
///
/// Which one is used follows from the CPU's features and the library's version alone, so that a run repeats;
/// checkpoints record `identity`.
public protocol MatrixProduct: Sendable {
  /// The library, such as `OpenBLAS`.
  var name: String { get }
  var version: String { get }
  /// The CPU kernels it uses, such as `SkylakeX`.
  var core: String { get }

  /// c = alpha * op(a) * op(b) + beta * c, all row-major: op(a) is (m, k), op(b) is (k, n), c is (m, n).
  ///
  /// A transposed argument is stored as (k, m) or (n, k). `lda`, `ldb` and `ldc` are the distances between
  /// stored rows.
  func multiply(
    m: Int, n: Int, k: Int, alpha: Float,
    a: UnsafePointer<Float>, lda: Int, transposeA: Bool,
    b: UnsafePointer<Float>, ldb: Int, transposeB: Bool,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int)

  /// Whether it multiplies bf16 numbers on instructions made for them.
  var multipliesBFloat16: Bool { get }

  /// The same of bf16 numbers (their bits), summed in f32; only where `multipliesBFloat16`.
  func multiply(
    m: Int, n: Int, k: Int, alpha: Float,
    a: UnsafePointer<UInt16>, lda: Int, transposeA: Bool,
    b: UnsafePointer<UInt16>, ldb: Int, transposeB: Bool,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int)
}

extension MatrixProduct {
  /// What a checkpoint records: two runs with equal identities round alike.
  public var identity: String { "\(name) \(version) \(core)" }
}

/// Why no matrix product can be had.
public struct MatrixProductError: Error, Equatable, CustomStringConvertible {
  public let reason: String
  public init(reason: String) { self.reason = reason }
  public var description: String { reason }
}

public enum MatrixProducts {
  private static let loaded = Result { () throws(MatrixProductError) in try load() }

  /// The provider of this process, loaded at first use; throws `MatrixProductError` when none is installed.
  ///
  /// oneDNN where it is installed and the CPU has AVX-512, which it uses better, else OpenBLAS; the variable
  /// `YUYAN_MATRIX_PRODUCT` (`onednn` or `openblas`) decides otherwise.
  public static var current: any MatrixProduct {
    get throws { try loaded.get() }
  }

  private static func load() throws(MatrixProductError) -> any MatrixProduct {
    let wish = getenv("YUYAN_MATRIX_PRODUCT").map { String(cString: $0) } ?? ""
    switch wish {
    case "onednn": return try OneDNN()
    case "openblas": return try OpenBLAS()
    case "":
      if OneDNN.isWorthwhile(flags: ProcessorFlags.current), let library = try? OneDNN() { return library }
      return try OpenBLAS()
    default:
      throw MatrixProductError(
        reason: "the variable YUYAN_MATRIX_PRODUCT is '\(wish)': 'onednn' or 'openblas' expected")
    }
  }
}

/// c = alpha * op(a) * op(b) + beta * c on all threads; see `MatrixProduct.multiply` for the arguments.
///
/// The larger of m and n is cut into pieces fixed by the shape, each a product on one thread: the number of
/// threads changes no bit. Throws `MatrixProductError`, or `Interrupted` when pieces were left out.
public func gemm(
  m: Int, n: Int, k: Int, alpha: Float = 1,
  a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
  b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false,
  beta: Float = 0, c: UnsafeMutablePointer<Float>, ldc: Int
) throws {
  let provider = try MatrixProducts.current
  let cut = MatrixCut(m: m, n: n, k: k)
  try Parallel.pieces(cut.count) { piece in
    let start = piece * cut.size
    if cut.alongRows {
      provider.multiply(
        m: min(cut.size, m - start), n: n, k: k, alpha: alpha,
        a: a + (transposeA ? start : start * lda), lda: lda, transposeA: transposeA,
        b: b, ldb: ldb, transposeB: transposeB, beta: beta, c: c + start * ldc, ldc: ldc)
    } else {
      provider.multiply(
        m: m, n: min(cut.size, n - start), k: k, alpha: alpha,
        a: a, lda: lda, transposeA: transposeA,
        b: b + (transposeB ? start * ldb : start), ldb: ldb, transposeB: transposeB,
        beta: beta, c: c + start, ldc: ldc)
    }
  }
}

/// How a product is cut into pieces: a function of its shape only.
struct MatrixCut: Equatable {
  let alongRows: Bool
  /// Rows or columns of the result in each piece; the last may have fewer.
  let size: Int
  let count: Int

  init(m: Int, n: Int, k: Int) {
    alongRows = m > n
    let extent = max(m, n)
    // A piece packs its other side again, so it must be wide, though two halves of a small product pay off early; and
    // it must be worth waking a thread.
    let byWork = m.multipliedReportingOverflow(by: n).partialValue.multipliedReportingOverflow(by: k)
      .partialValue
    let byWidth = max(extent / Self.narrowest, extent >= Self.narrowestHalf * 2 ? 2 : 1)
    let wanted = min(byWidth, byWork / Self.leastWork, Self.mostPieces)
    guard wanted > 1 else {
      size = max(extent, 1)
      count = min(m, n) > 0 ? 1 : 0
      return
    }
    // 2, or a multiple of 4: threads of the usual numbers get equal shares.
    let pieces = wanted < 4 ? 2 : wanted & ~3
    size = ((extent + pieces - 1) / pieces + 15) / 16 * 16
    count = (extent + size - 1) / size
  }

  /// The elements of a piece of a result (m, n).
  func pieceElements(m: Int, n: Int) -> Int { alongRows ? size * n : m * size }

  private static let narrowest = 192
  private static let narrowestHalf = 64
  private static let leastWork = 1 << 19  // multiplications
  private static let mostPieces = 32
}
