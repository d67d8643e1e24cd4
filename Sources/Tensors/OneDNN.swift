import Glibc

/// oneDNN, opened at run time; its plain products have the same interface in versions 2 and 3.
///
/// Weights stay in their plain layout: with its own packed one its products were 0 to 6 % faster where this was
/// measured (Zen 4), for a second copy of every weight, as the forward and the backward product pack differently.
public struct OneDNN: MatrixProduct {
  public let name = "oneDNN"
  public let version: String
  public let core: String
  public let multipliesBFloat16: Bool
  private let table: Table

  /// The functions that are used, by type.
  private struct Table: @unchecked Sendable {
    typealias Product =
      @convention(c) (
        CChar, CChar, Int64, Int64, Int64, Float, UnsafePointer<Float>, Int64, UnsafePointer<Float>, Int64,
        Float,
        UnsafeMutablePointer<Float>, Int64
      ) -> Int32
    typealias HalfProduct =
      @convention(c) (
        CChar, CChar, Int64, Int64, Int64, Float, UnsafePointer<UInt16>, Int64, UnsafePointer<UInt16>, Int64,
        Float,
        UnsafeMutablePointer<Float>, Int64
      ) -> Int32
    typealias GetVersion = @convention(c) () -> UnsafePointer<Int32>?
    typealias SetThreads = @convention(c) (Int32) -> Void
    typealias InstructionSet = @convention(c) () -> UInt32

    let product: Product
    let halfProduct: HalfProduct?
    let setThreads: SetThreads?
  }

  private static let libraries = ["libdnnl.so.3", "libdnnl.so.2"]

  /// Loads the library; throws with what to install when it is not there.
  public init() throws(MatrixProductError) {
    guard let handle = Self.libraries.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
      throw MatrixProductError(
        reason: "oneDNN is not installed (none of \(Self.libraries.joined(separator: ", "))): "
          + "install the Debian package libdnnl2 or libdnnl3")
    }
    guard let product = dlsym(handle, "dnnl_sgemm"), let getVersion = dlsym(handle, "dnnl_version"),
      let numbers = unsafeBitCast(getVersion, to: Table.GetVersion.self)()
    else { throw MatrixProductError(reason: "oneDNN has no function dnnl_sgemm or dnnl_version") }
    let halfProduct = dlsym(handle, "dnnl_gemm_bf16bf16f32")
    table = Table(
      product: unsafeBitCast(product, to: Table.Product.self),
      halfProduct: halfProduct.map { unsafeBitCast($0, to: Table.HalfProduct.self) },
      // Of the OpenMP library it was built with; builds without OpenMP have no threads of their own here.
      setThreads: dlsym(handle, "omp_set_num_threads").map { unsafeBitCast($0, to: Table.SetThreads.self) })
    // The head of `dnnl_version_t`: major, minor, patch.
    version = "\(numbers[0]).\(numbers[1]).\(numbers[2])"
    // What it uses here: the CPU's, less what the user's ONEDNN_MAX_CPU_ISA takes away.
    let effective = dlsym(handle, "dnnl_get_effective_cpu_isa")
      .map { unsafeBitCast($0, to: Table.InstructionSet.self)() }
    core = effective.map { "isa 0x" + String($0, radix: 16) } ?? "isa unknown"
    table.setThreads?(1)
    multipliesBFloat16 =
      ProcessorFlags.current.contains("avx512_bf16") && table.halfProduct.map(Self.multipliesOne) == true
  }

  /// Whether a product of bf16 numbers is done at all.
  private static func multipliesOne(_ product: Table.HalfProduct) -> Bool {
    let one: UInt16 = 0x3F80
    var result: Float = 0
    let status = product(mark(false), mark(false), 1, 1, 1, 1, [one], 1, [one], 1, 0, &result, 1)
    return status == 0 && result == 1
  }

  /// Whether its products are the faster ones on a CPU with these flags.
  static func isWorthwhile(flags: Set<Substring>) -> Bool { flags.isSuperset(of: ProcessorFlags.avx512) }

  public func multiply(
    m: Int, n: Int, k: Int, alpha: Float,
    a: UnsafePointer<Float>, lda: Int, transposeA: Bool,
    b: UnsafePointer<Float>, ldb: Int, transposeB: Bool,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    guard k > 0 else { return scale(c, m, n, ldc, by: beta) }
    let status = guarded {
      table.product(
        Self.mark(transposeA), Self.mark(transposeB), Int64(m), Int64(n), Int64(k), alpha, a, Int64(lda), b,
        Int64(ldb), beta, c, Int64(ldc))
    }
    precondition(status == 0, "oneDNN refuses a product of (\(m), \(k)) by (\(k), \(n))")
  }

  public func multiply(
    m: Int, n: Int, k: Int, alpha: Float,
    a: UnsafePointer<UInt16>, lda: Int, transposeA: Bool,
    b: UnsafePointer<UInt16>, ldb: Int, transposeB: Bool,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    guard k > 0 else { return scale(c, m, n, ldc, by: beta) }
    guard let product = table.halfProduct else { preconditionFailure("this oneDNN has no bf16 product") }
    let status = guarded {
      product(
        Self.mark(transposeA), Self.mark(transposeB), Int64(m), Int64(n), Int64(k), alpha, a, Int64(lda), b,
        Int64(ldb), beta, c, Int64(ldc))
    }
    precondition(status == 0, "oneDNN refuses a bf16 product of (\(m), \(k)) by (\(k), \(n))")
  }

  /// Runs a product on the calling thread alone, and without signals.
  ///
  /// The code that oneDNN 2.6 generates works below the stack pointer: a signal that is handled on top of it overwrites
  /// what is there, and the heap is damaged. A signal that comes meanwhile is delivered after the product. The number
  /// of threads is a setting of the calling thread; the pieces are this program's own.
  private func guarded(_ product: () -> Int32) -> Int32 {
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    table.setThreads?(1)
    return product()
  }

  private static func mark(_ isTransposed: Bool) -> CChar {
    CChar(UInt8(ascii: isTransposed ? "T" : "N"))
  }

  /// c = beta * c: what is left of a product without terms.
  private func scale(_ c: UnsafeMutablePointer<Float>, _ m: Int, _ n: Int, _ ldc: Int, by beta: Float) {
    for row in 0..<m {
      for column in 0..<n { c[row * ldc + column] = beta == 0 ? 0 : c[row * ldc + column] * beta }
    }
  }
}
