import CKernels
import Glibc

/// What this machine can reach at most, measured with the code that training and decoding run on.
public enum MachineLimits {
  /// Measures y = x * weight', x (m, k) and weight (n, k), as a linear computes it on all threads.
  ///
  /// - Parameters:
  ///   - type: of x and weight, f32 or bf16; y is f32.
  ///   - seconds: how long to repeat it; at least `leastTimes` products are timed.
  /// - Returns: 10^9 floating-point operations a second, the median of the repetitions; nil where the CPU or the
  ///   library has no product of that type.
  public static func matrixProduct(m: Int, n: Int, k: Int, type: DataType, seconds: Double) throws -> Double?
  {
    precondition(type.isPlain, "products are of f32 or bf16")
    let op = "matrix_product"
    for (name, value) in [("m", m), ("n", n), ("k", k)] where !(1...1 << 20).contains(value) {
      throw TensorError(op: op, argument: name, reason: "1 to \(1 << 20) expected, got \(value)")
    }
    guard try type == .f32 || MatrixProducts.current.multipliesBFloat16 else { return nil }
    let x = try constant(0.5, [m, k], type, argument: "m", op: op)
    let weight = try constant(0.25, [n, k], type, argument: "n", op: op)
    let y = try Tensor.allocate([m, n], op: op, argument: "n")
    let median = try medianSeconds(over: seconds) {
      try y.setToSum(of: [ProductTerm(a: x, b: weight, transposeB: true)], multipliedAs: type)
    }
    return 2e-9 * Double(m) * Double(n) * Double(k) / median
  }

  /// Measures how fast all threads together read a buffer from its beginning to its end.
  ///
  /// - Parameters:
  ///   - bytes: the size of the buffer, which should be several times that of the caches.
  ///   - seconds: how long to repeat it; at least `leastTimes` passes are timed.
  /// - Returns: 10^9 bytes a second, the median of the repetitions.
  public static func readBandwidth(bytes: Int, seconds: Double) throws -> Double {
    let op = "read_bandwidth", pieces = 64, piece = bytes / (8 * pieces)
    guard piece > 0, bytes <= 1 << 46 else {
      throw TensorError(
        op: op, argument: "bytes", reason: "\(8 * pieces) to \(1 << 46) expected, got \(bytes)")
    }
    let words = try buffer(words: piece * pieces, op: op)
    defer { munmap(words, piece * pieces * 8) }
    // Pages that were never written are one page of zeros, which no memory is read for.
    try Parallel.pieces(pieces) { (words + $0 * piece).update(repeating: 1, count: piece) }
    let median = try medianSeconds(over: seconds) {
      try Parallel.pieces(pieces) { index in
        let sum = readSum(words + index * piece, count: piece)
        precondition(sum == UInt64(piece), "each word is 1")
      }
    }
    return 1e-9 * Double(piece * pieces * 8) / median
  }

  /// The fewest repetitions that are timed, after one that is not.
  static let leastTimes = 5

  private static func constant(
    _ value: Float, _ shape: [Int], _ type: DataType, argument: String, op: String
  ) throws -> Tensor {
    let tensor = try Tensor.allocate(shape, op: op, argument: argument)
    tensor.fill(value)
    return tensor.converted(to: type)
  }

  /// The sum of words modulo 2^64.
  static func readSum(_ words: UnsafePointer<UInt64>, count: Int) -> UInt64 { yy_read_sum(words, count) }

  /// Fresh memory in huge pages where there are some, as large tensors have it.
  private static func buffer(words count: Int, op: String) throws -> UnsafeMutablePointer<UInt64> {
    let size = count * 8
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard StoragePool.systemHas(size), let memory, memory != MAP_FAILED else {
      if let memory, memory != MAP_FAILED { munmap(memory, size) }
      throw TensorError(
        op: op, argument: "bytes", reason: "less than the memory there is expected, got \(size)")
    }
    madvise(memory, size, MADV_HUGEPAGE)
    return memory.bindMemory(to: UInt64.self, capacity: count)
  }

  private static func medianSeconds(over total: Double, _ body: () throws -> Void) throws -> Double {
    try body()
    var times: [Double] = []
    let clock = ContinuousClock(), start = clock.now
    while times.count < leastTimes || (clock.now - start) / .seconds(1) < total {
      times.append(try clock.measure(body) / .seconds(1))
    }
    return times.sorted()[times.count / 2]
  }
}
