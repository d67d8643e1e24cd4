import TestSupport
import Testing

@testable import Tensors

@Suite struct RandomTests {
  /// The vectors published with Random123 (Salmon and others 2011), file kat_vectors, philox4x32 10.
  @Test(
    arguments: [
      ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      (
        [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
      ),
      (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ] as [([UInt32], [UInt32], [UInt32])])
  func philoxGivesThePublishedWords(_ counter: [UInt32], _ key: [UInt32], _ expected: [UInt32]) {
    #expect(Philox.words(counter: counter, key: key) == expected)
  }

  @Test func keysDifferInSeedPurposeAndEveryIndex() {
    let keys = [
      RandomKey(seed: 1, "dropout", 1, 2), RandomKey(seed: 2, "dropout", 1, 2),
      RandomKey(seed: 1, "shuffle", 1, 2),
      RandomKey(seed: 1, "dropout", 2, 1), RandomKey(seed: 1, "dropout", 1),
      RandomKey(seed: 1, "dropout", 1, 2, 0),
      RandomKey(seed: 1, "dropout", 1).child("", 2), RandomKey(seed: 1, "dropou", 116, 1, 2),
    ]
    #expect(Set(keys).count == keys.count)
    let firsts = keys.map { key in
      var stream = RandomStream(key)
      return stream.next()
    }
    #expect(Set(firsts).count == keys.count)
    #expect(RandomKey(seed: 1, "dropout", 1, 2) == keys[0])
  }

  @Test func normalNumbersHaveTheirMoments() {
    let x = Tensor.normal([1 << 16], standardDeviation: 2, key: RandomKey(seed: 5, "test")).values.map(
      Double.init)
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    let fourth = x.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(x.count)
    #expect(abs(mean) < 0.03)
    #expect(abs(variance - 4) < 0.1)
    #expect(abs(fourth - 48) < 3)
    var stream = RandomStream(RandomKey(seed: 5, "stream"))
    let more = (0..<20_000).map { _ in Double(stream.normal()) }
    #expect(abs(more.reduce(0, +)) / 20_000 < 0.03)
    #expect(abs(more.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.05)
  }

  @Test func uniformNumbersFillTheirRange() {
    let x = Tensor.uniform([10_001], bound: 0.5, key: RandomKey(seed: 5, "test")).values
    #expect(x.allSatisfy { $0 >= -0.5 && $0 < 0.5 })
    #expect(abs(x.reduce(0, +) / 10_001) < 0.02)
    #expect((x.max() ?? 0) > 0.499 && (x.min() ?? 0) < -0.499)
  }

  @Test func anElementDependsOnItsPlaceOnly() {
    let key = RandomKey(seed: 9, "test")
    for make in [
      { Tensor.normal([$0], standardDeviation: 1, key: key) }, { Tensor.uniform([$0], bound: 1, key: key) },
    ] as [(Int) -> Tensor] {
      let long = make(100_003).values
      #expect(make(1).values == Array(long.prefix(1)))
      #expect(make(131).values == Array(long.prefix(131)))
    }
  }
}

@Suite struct DropoutTests {
  @Test(arguments: [0.05, 0.5] as [Float])
  func dropsItsShareAndKeepsTheMean(_ probability: Float) throws {
    let dropout = Dropout(probability: probability, key: RandomKey(seed: 1, "dropout", 3))
    let y = try Tensor.ones([400, 301]).dropout(dropout).values
    let dropped = Float(y.count { $0 == 0 }) / Float(y.count)
    #expect(abs(dropped - probability) < 0.005)
    #expect(Set(y).count == 2)
    #expect(abs(y.reduce(0, +) / Float(y.count) - 1) < 0.01)
  }

  @Test func gradientUsesTheSameMask() throws {
    let x = Tensor.ones([3, 100])
    x.requiresGrad = true
    let y = try x.dropout(Dropout(probability: 0.3, key: RandomKey(seed: 1, "dropout")))
    try y.backward(gradient: .ones([3, 100]))
    #expect(x.grad?.values == y.values)
  }

  @Test func zeroIsTheIdentity() throws {
    let x = Tensor.ones([3])
    #expect(try x.dropout(Dropout(probability: 0, key: RandomKey(seed: 1, "d"))) === x)
  }

  @Test(arguments: [(1, "1.0"), (-0.5, "-0.5"), (.nan, "nan")] as [(Float, String)])
  func rejects(_ probability: Float, _ shown: String) {
    let reason = "a probability of at least 0 and below 1 expected, got \(shown)"
    #expect(throws: TensorError(op: "dropout", argument: "probability", reason: reason)) {
      try Tensor.ones([3]).dropout(Dropout(probability: probability, key: RandomKey(seed: 1, "d")))
    }
  }

  @Test func loraWithDropoutEqualsItsSpelling() throws {
    let dropout = Dropout(probability: 0.25, key: RandomKey(seed: 4, "dropout"))
    func run(_ f: ([Tensor]) throws -> Tensor) throws -> [Tensor] {
      let inputs = [[9, 20], [11, 20], [3, 20], [11, 3]].enumerated().map {
        Tensor.sample($1, seed: UInt64($0))
      }
      for input in inputs { input.requiresGrad = true }
      let y = try f(inputs)
      try y.backward(gradient: .sample([9, 11], seed: 77))
      return [y] + inputs.compactMap(\.grad)
    }
    let fused = try run {
      try $0[0].loraLinear(weight: $0[1], a: $0[2], b: $0[3], scale: 2, dropout: dropout)
    }
    let spelled = try run {
      let thin = try $0[0].dropout(dropout).matmul($0[2].transposed())
      return try $0[0].matmul($0[1].transposed()) + thin.matmul($0[3].transposed()) * 2
    }
    #expect(fused.count == 5)
    for (a, b) in zip(fused, spelled) { #expect(a.isClose(to: b)) }
  }
}
