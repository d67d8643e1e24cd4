import Glibc

/// OpenBLAS, opened at run time and called on one thread through a table of pointers.
///
/// Its own choice of kernels knows only the CPUs of its day (0.3.21 runs AVX2 code on a Zen 5), so the
/// variable that picks them is set from the CPU's features before the library is loaded. A user's own setting
/// wins.
public struct OpenBLAS: MatrixProduct {
  public let name = "OpenBLAS"
  public let version: String
  public let core: String
  /// The library's own description of its build.
  public let configuration: String
  private let table: Table

  /// The C interface's functions that are used, by type.
  private struct Table: @unchecked Sendable {
    typealias Product =
      @convention(c) (
        Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32,
        UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>, Int32
      ) -> Void
    typealias VectorProduct =
      @convention(c) (
        Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32,
        UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>, Int32
      ) -> Void
    typealias Text = @convention(c) () -> UnsafePointer<CChar>?
    typealias SetThreads = @convention(c) (Int32) -> Void

    let product: Product
    let vectorProduct: VectorProduct
  }

  /// Loads the library; throws with what to install when it is not there.
  public init(library: String = "libopenblas.so.0") throws(MatrixProductError) {
    if let core = Self.coreType(flags: ProcessorFlags.current) { setenv("OPENBLAS_CORETYPE", core, 0) }
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) else {
      let why = dlerror().map { String(cString: $0) } ?? "\(library): cannot be loaded"
      throw MatrixProductError(
        reason: "no library for matrix products (\(why)): install the Debian package libopenblas0-pthread")
    }
    func symbol(_ name: String) throws(MatrixProductError) -> UnsafeMutableRawPointer {
      guard let address = dlsym(handle, name) else {
        throw MatrixProductError(reason: "\(library) has no function \(name)")
      }
      return address
    }
    func text(_ name: String) throws(MatrixProductError) -> String {
      let function = unsafeBitCast(try symbol(name), to: Table.Text.self)
      return function().map { String(cString: $0) } ?? ""
    }
    table = Table(
      product: unsafeBitCast(try symbol("cblas_sgemm"), to: Table.Product.self),
      vectorProduct: unsafeBitCast(try symbol("cblas_sgemv"), to: Table.VectorProduct.self))
    unsafeBitCast(try symbol("openblas_set_num_threads"), to: Table.SetThreads.self)(1)
    configuration = try text("openblas_get_config")
    core = try text("openblas_get_corename")
    version = configuration.split(separator: " ").dropFirst().first.map(String.init) ?? "unknown"
  }

  public func multiply(
    m: Int, n: Int, k: Int, alpha: Float,
    a: UnsafePointer<Float>, lda: Int, transposeA: Bool,
    b: UnsafePointer<Float>, ldb: Int, transposeB: Bool,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    // A vector times a matrix reads the matrix once; the general product would copy it first.
    if m == 1 {
      let (rows, columns) = transposeB ? (n, k) : (k, n)
      return multiplyVector(
        rows, columns, transpose: !transposeB, alpha, b, ldb, a, transposeA ? lda : 1, beta, c, 1, count: n)
    }
    if n == 1 {
      let (rows, columns) = transposeA ? (k, m) : (m, k)
      return multiplyVector(
        rows, columns, transpose: transposeA, alpha, a, lda, b, transposeB ? 1 : ldb, beta, c, ldc, count: m)
    }
    table.product(
      Self.rowMajor, transposeA ? Self.transposed : Self.plain, transposeB ? Self.transposed : Self.plain,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(max(lda, 1)), b, Int32(max(ldb, 1)), beta, c,
      Int32(max(ldc, 1)))
  }

  /// y = alpha * op(matrix) * x + beta * y, where y has `count` elements `stepY` apart.
  private func multiplyVector(
    _ rows: Int, _ columns: Int, transpose: Bool, _ alpha: Float,
    _ matrix: UnsafePointer<Float>, _ stride: Int, _ x: UnsafePointer<Float>, _ stepX: Int,
    _ beta: Float, _ y: UnsafeMutablePointer<Float>, _ stepY: Int, count: Int
  ) {
    // With beta = 0 the old values must not matter, not even when they are NaN.
    if beta == 0 { for position in 0..<count { y[position * stepY] = 0 } }
    guard rows > 0, columns > 0 else {
      for position in 0..<count { y[position * stepY] *= beta }
      return
    }
    table.vectorProduct(
      Self.rowMajor, transpose ? Self.transposed : Self.plain, Int32(rows), Int32(columns), alpha,
      matrix, Int32(stride), x, Int32(max(stepX, 1)), beta, y, Int32(max(stepY, 1)))
  }

  public let multipliesBFloat16 = false

  public func multiply(
    m: Int, n: Int, k: Int, alpha: Float,
    a: UnsafePointer<UInt16>, lda: Int, transposeA: Bool,
    b: UnsafePointer<UInt16>, ldb: Int, transposeB: Bool,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    preconditionFailure("Debian's OpenBLAS has no bf16 product")
  }

  private static let rowMajor: Int32 = 101
  private static let plain: Int32 = 111
  private static let transposed: Int32 = 112

  // MARK: - Which kernels

  /// The value of OPENBLAS_CORETYPE for a CPU with these flags; nil leaves the choice to the library.
  ///
  /// Newer kernel families of the library use the same single-precision products as SkylakeX. AMD's cores
  /// (`sse4a`) before Zen 5 (`avx_vnni`) do AVX-512 in two halves, and the AVX2 products are the faster ones.
  static func coreType(flags: Set<Substring>) -> String? {
    let hasHalves = flags.contains("sse4a") && !flags.contains("avx_vnni")
    if flags.isSuperset(of: ProcessorFlags.avx512), !hasHalves {
      return "SkylakeX"
    }
    if flags.isSuperset(of: ["avx2", "fma"]) { return "Haswell" }
    return nil
  }
}
