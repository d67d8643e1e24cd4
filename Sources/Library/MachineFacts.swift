import Glibc
import Stdlib
import Tensors

extension Library {
  /// The folder that holds the Lua files.
  ///
  /// - Throws: `Stdlib.NotFound`.
  public static func luaFolder() throws -> String { try Stdlib.locate() + "/" + Stdlib.folderName }

  /// What the numeric library found on this machine, with a short measurement of its matrix product.
  public static func machineFacts() -> [(name: String, value: String)] {
    let matrices: String
    do {
      matrices = "\(try MatrixProducts.current.identity), \(rate()) GFLOP/s"
    } catch {
      matrices = "\(error)"
    }
    return [
      ("matrices", matrices),
      ("threads", "\(Parallel.threads) (YUYAN_THREADS changes it)"),
    ]
  }

  /// Floating-point operations a nanosecond of a 512 x 512 x 512 product, the best of a few.
  private static func rate() -> Int {
    let size = 512
    let a = Tensor.ones([size, size])
    var best = 0.0
    for _ in 0..<6 {
      let start = nanoseconds()
      guard (try? a.matmul(a)) != nil else { return 0 }
      best = max(best, 2 * Double(size * size * size) / max(1, nanoseconds() - start))
    }
    return Int(best.rounded())
  }

  private static func nanoseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }
}
