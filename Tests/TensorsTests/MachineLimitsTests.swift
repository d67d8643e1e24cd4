import Testing

@testable import Tensors

/// The limits are measured, so only what they are measured with can be compared.
@Suite struct MachineLimitsTests {
  @Test(arguments: [0, 1, 7, 8, 31, 32, 33, 64, 1000])
  func readsEveryWord(_ count: Int) {
    var words = (0..<count + 1).map { UInt64($0 + 1) &* 0x9e37_79b9_7f4a_7c15 }
    words[count] = .max  // beyond the end
    #expect(MachineLimits.readSum(words, count: count) == words[..<count].reduce(0, &+))
    // From a word that is not aligned to a vector.
    guard count > 1 else { return }
    let rest = words.withUnsafeBufferPointer {
      $0.baseAddress.map { MachineLimits.readSum($0 + 1, count: count - 1) }
    }
    #expect(rest == words[1..<count].reduce(0, &+))
  }

  @Test func limitsArePositive() throws {
    let product = try MachineLimits.matrixProduct(m: 64, n: 64, k: 64, type: .f32, seconds: 0)
    #expect(try #require(product) > 0)
    #expect(try MachineLimits.readBandwidth(bytes: 1 << 22, seconds: 0) > 0)
  }

  @Test func aProductThatTheMachineLacksHasNoLimit() throws {
    let product = try MachineLimits.matrixProduct(m: 64, n: 64, k: 64, type: .bf16, seconds: 0)
    #expect(try (product != nil) == MatrixProducts.current.multipliesBFloat16)
  }

  @Test(arguments: [("m", 0), ("n", -1), ("k", 1 << 21)])
  func refusesOtherShapes(_ name: String, _ value: Int) {
    let shape = { (axis: String) in axis == name ? value : 8 }
    #expect(
      throws: TensorError(
        op: "matrix_product", argument: name, reason: "1 to 1048576 expected, got \(value)")
    ) {
      try MachineLimits.matrixProduct(m: shape("m"), n: shape("n"), k: shape("k"), type: .f32, seconds: 0)
    }
  }

  @Test func refusesBuffersThatCannotBe() {
    #expect(
      throws: TensorError(
        op: "read_bandwidth", argument: "bytes", reason: "512 to 70368744177664 expected, got 511")
    ) { try MachineLimits.readBandwidth(bytes: 511, seconds: 0) }
  }
}
