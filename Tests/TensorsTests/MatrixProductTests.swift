import Glibc
import TestSupport
import Testing

@testable import Tensors

@Suite(.serialized) struct MatrixProductTests {
  /// The product with all the sums in double precision.
  private func reference(
    _ m: Int, _ n: Int, _ k: Int, _ a: Tensor, _ transposeA: Bool, _ b: Tensor, _ transposeB: Bool
  ) -> [Float] {
    var c: [Float] = []
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        for l in 0..<k {
          let left = a.pointer[transposeA ? l * m + i : i * k + l]
          let right = b.pointer[transposeB ? j * k + l : l * n + j]
          sum += Double(left) * Double(right)
        }
        c.append(Float(sum))
      }
    }
    return c
  }

  @Test(arguments: [[1, 1, 1], [1, 9, 5], [9, 1, 5], [3, 5, 7], [17, 33, 20], [33, 17, 1]])
  func everyTransposition(_ sizes: [Int]) throws {
    let (m, n, k) = (sizes[0], sizes[1], sizes[2])
    let (a, b) = (Tensor.sample([m * k], seed: 1), Tensor.sample([k * n], seed: 2))
    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
      let expected = reference(m, n, k, a, transposeA, b, transposeB)
      for beta in [0, 1] as [Float] {
        // With beta = 0 what was there before does not matter.
        let c = Tensor.full(beta == 0 ? .nan : 10, shape: [m * n])
        try gemm(
          m: m, n: n, k: k, alpha: 0.5, a: a.pointer, lda: transposeA ? m : k, transposeA: transposeA,
          b: b.pointer, ldb: transposeB ? k : n, transposeB: transposeB, beta: beta, c: c.pointer, ldc: n)
        #expect(c.values.isClose(to: expected.map { 0.5 * $0 + 10 * beta }, relative: 1e-5))
      }
    }
  }

  @Test(arguments: [
    [1, 1, 1], [1, 9, 5], [9, 1, 5], [3, 5, 7], [17, 33, 20], [33, 17, 1], [64, 48, 0],
  ])
  func everyLibraryGivesTheSame(_ sizes: [Int]) throws {
    let (m, n, k) = (sizes[0], sizes[1], sizes[2])
    // Numbers of bf16, so that its products are exact and both sums differ from f64's by rounding alone.
    let a = Tensor.sample([m * k], seed: 1).converted(to: .bf16)
    let b = Tensor.sample([k * n], seed: 2).converted(to: .bf16)
    let (wideA, wideB) = (a.converted(to: .f32), b.converted(to: .f32))
    let oneDNN: [any MatrixProduct] = (try? OneDNN()).map { [$0] } ?? []
    let libraries = try oneDNN + [OpenBLAS()]
    let halves = libraries.filter(\.multipliesBFloat16)
    for (library, isHalf) in libraries.map({ ($0, false) }) + halves.map({ ($0, true) }) {
      for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
        let expected = reference(m, n, k, wideA, transposeA, wideB, transposeB)
        for beta in [0, 1] as [Float] {
          let c = Tensor.full(beta == 0 ? .nan : 10, shape: [m * n])
          library.multiply(
            m: m, n: n, k: k, alpha: 0.5, a: (isHalf ? a : wideA).matrix, lda: transposeA ? m : max(1, k),
            transposeA: transposeA, b: (isHalf ? b : wideB).matrix, ldb: transposeB ? max(1, k) : n,
            transposeB: transposeB, beta: beta, c: c.pointer, ldc: n)
          #expect(
            c.values.isClose(to: expected.map { 0.5 * $0 + 10 * beta }, relative: 1e-5),
            "\(library.name), bf16 \(isHalf), transposed \(transposeA) \(transposeB)")
        }
      }
    }
  }

  @Test func partsOfLargerMatrices() throws {
    let (a, b) = (Tensor.sample([4, 6], seed: 1), Tensor.sample([6, 8], seed: 2))
    let c = Tensor.zeros([4, 8])
    // Columns 2..<5 of a by rows 0..<3 of columns 1..<3 of b, into columns 4..<6 of c.
    try gemm(
      m: 4, n: 2, k: 3, a: a.pointer + 2, lda: 6, b: b.pointer + 1, ldb: 8, c: c.pointer + 4, ldc: 8)
    var expected = [Float](repeating: 0, count: 32)
    for i in 0..<4 {
      for j in 0..<2 {
        for l in 0..<3 { expected[i * 8 + 4 + j] += a.values[i * 6 + 2 + l] * b.values[l * 8 + 1 + j] }
      }
    }
    #expect(c.values.isClose(to: expected, relative: 1e-5))
  }

  @Test func anEmptySumIsZero() throws {
    for (m, n) in [(1, 4), (4, 1), (2, 3)] {
      let c = Tensor.full(.nan, shape: [m * n])
      let empty = Tensor.zeros([0])
      try gemm(m: m, n: n, k: 0, a: empty.pointer, lda: 1, b: empty.pointer, ldb: n, c: c.pointer, ldc: n)
      #expect(c.values.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [
    [512, 768, 64], [301, 1033, 257], [1033, 301, 257], [64, 5000, 33], [1, 3001, 513], [3001, 1, 513],
    [129, 127, 131],
  ])
  func theNumberOfThreadsChangesNoBit(_ sizes: [Int]) throws {
    let (m, n, k) = (sizes[0], sizes[1], sizes[2])
    let (a, b) = (Tensor.sample([m, k], seed: 3), Tensor.sample([k, n], seed: 4))
    let single = try withThreads(1) { try a.matmul(b).values }
    for threads in [2, 3, 4] { #expect(try withThreads(threads) { try a.matmul(b).values } == single) }
  }

  @Test func theNumberOfThreadsChangesNoBitOfAGraph() throws {
    func run() throws -> [[Float]] {
      let inputs = [[300, 130], [130, 270], [270]].enumerated().map { Tensor.sample($1, seed: UInt64($0)) }
      for input in inputs { input.requiresGrad = true }
      let y = try (inputs[0].matmul(inputs[1]) + inputs[2]).silu().softmax()
      let loss = try (y * y.max(axis: 0)).mean()
      try loss.backward()
      return [loss.values] + inputs.map { $0.grad?.values ?? [] }
    }
    let single = try withThreads(1, run)
    for threads in [2, 4] { #expect(try withThreads(threads, run) == single) }
  }

  @Test func cutsDependOnTheShapeOnly() {
    #expect(MatrixCut(m: 4, n: 4, k: 4).count == 1)
    #expect(MatrixCut(m: 0, n: 4, k: 4).count == 0)
    for (m, n, k) in [
      (512, 2048, 2048), (2048, 512, 512), (768, 768, 768), (512, 32000, 768), (1, 5000, 700),
    ] {
      let cut = MatrixCut(m: m, n: n, k: k)
      #expect(cut.alongRows == (m > n))
      #expect(cut.count > 1 && cut.count <= 32)
      #expect(cut.size * cut.count >= max(m, n) && cut.size * (cut.count - 1) < max(m, n))
    }
  }

  @Test func saysWhatItIs() throws {
    let provider = try MatrixProducts.current
    #expect(provider.identity == "\(provider.name) \(provider.version) \(provider.core)")
    let openBLAS = try OpenBLAS()
    #expect(openBLAS.version.hasPrefix("0."))
    if let core = OpenBLAS.coreType(flags: ProcessorFlags.current) {
      #expect(openBLAS.core.lowercased() == core.lowercased())
    }
    guard let oneDNN = try? OneDNN() else { return }
    #expect(["2", "3"].contains(oneDNN.version.prefix(1)))
    #expect(oneDNN.multipliesBFloat16 == ProcessorFlags.current.contains("avx512_bf16"))
  }

  #if compiler(>=6.2)
    @Test func signalsDuringProductsDoNoHarm() async {
      await #expect(processExitsWith: .success) {
        let (a, b) = (Tensor.sample([200, 300], seed: 1), Tensor.sample([300, 250], seed: 2))
        let expected = try withThreads(1) { try a.matmul(b).values }
        signal(SIGALRM) { _ in }
        var often = itimerval(
          it_interval: timeval(tv_sec: 0, tv_usec: 300), it_value: timeval(tv_sec: 0, tv_usec: 300))
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &often, nil)
        for _ in 0..<400 { if try withThreads(1, { try a.matmul(b).values }) != expected { exit(1) } }
      }
    }

    @Test(arguments: ["openblas", "onednn", "mkl"])
    func theUserMayChoose(_ name: String) async {
      await #expect(processExitsWith: .success) { [name] in
        setenv("YUYAN_MATRIX_PRODUCT", name, 1)
        switch Result(catching: { try MatrixProducts.current }) {
        case .success(let provider): #expect(provider.name.lowercased() == name)
        case .failure(let error):
          #expect(
            name == "onednn"
              || "\(error)" == "the variable YUYAN_MATRIX_PRODUCT is 'mkl': 'onednn' or 'openblas' expected")
        }
      }
    }
  #endif

  @Test func choosesKernelsByTheProcessor() {
    let wide: Set<Substring> = ["avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"]
    #expect(OpenBLAS.coreType(flags: wide) == "SkylakeX")
    #expect(OpenBLAS.coreType(flags: ["avx2", "fma", "avx512f"]) == "Haswell")
    // Zen 4 and Zen 5.
    #expect(OpenBLAS.coreType(flags: wide.union(["sse4a"])) == "Haswell")
    #expect(OpenBLAS.coreType(flags: wide.union(["sse4a", "avx_vnni"])) == "SkylakeX")
    #expect(OpenBLAS.coreType(flags: ["sse2"]) == nil)
  }

  @Test func tellsWhichPackageIsMissing() {
    let reason =
      "no library for matrix products (libnothing.so.0: cannot open shared object file: No such file or"
      + " directory): install the Debian package libopenblas0-pthread"
    #expect(throws: MatrixProductError(reason: reason)) { try OpenBLAS(library: "libnothing.so.0") }
  }
}
