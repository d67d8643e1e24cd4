import Glibc
import TestSupport
import Testing

@testable import Tensors

/// bf16 tensors: their conversion, and that operations on them give what f32 gives but for rounding.
@Suite(.serialized) struct BFloat16Tests {
  /// The nearest of the bf16 numbers, found by trying both neighbours.
  private func nearest(_ x: Float) -> UInt16 {
    let below = UInt16(truncatingIfNeeded: x.bitPattern >> 16)
    let low = Float(bitPattern: UInt32(below) << 16), high = Float(bitPattern: UInt32(below &+ 1) << 16)
    let (down, up) = (abs(Double(x) - Double(low)), abs(Double(high) - Double(x)))
    return down < up || (down == up && below % 2 == 0) ? below : below &+ 1
  }

  @Test func everyNumberSurvives() throws {
    let patterns = (0...UInt16.max).filter { ($0 & 0x7FFF) <= 0x7F80 }
    let floats = try Tensor(patterns.map { Float(bitPattern: UInt32($0) << 16) }, shape: [patterns.count])
    let halves = floats.converted(to: .bf16)
    #expect(Array(UnsafeBufferPointer(start: halves.bfloat16, count: halves.count)) == patterns)
    #expect(halves.values.map(\.bitPattern) == floats.values.map(\.bitPattern))
    #expect(halves.byteCount == 2 * halves.count)
  }

  @Test func roundingIsToTheNearestEven() throws {
    let ties: [Float] = [1.00390625, 1.01171875, -1.00390625, 3.4e38]
    let floats = Tensor.sample([10_001], seed: 9).values + ties
    let halves = try Tensor(floats, shape: [floats.count]).converted(to: .bf16)
    for (place, value) in floats.dropLast().enumerated() { #expect(halves.bfloat16[place] == nearest(value)) }
    #expect(halves.values.last == .infinity)
    #expect(try Tensor([.nan], shape: [1]).converted(to: .bf16).values[0].isNaN)
    // A NaN whose payload is all in the lower half.
    #expect(try Tensor([Float(bitPattern: 0x7F80_0001)], shape: [1]).converted(to: .bf16).values[0].isNaN)
  }

  /// A block's operations on numbers of one type: result, and gradients of x and the weights.
  private func block(_ type: DataType, rank: Int?, frozen: Bool = false) throws -> [[Float]] {
    let (length, width, heads) = (70, 32, 4)
    let x = Tensor.sample([length, width], seed: 1)
    let weights = try (0..<6).map {
      try Tensor.sample([width, width], seed: 10 + UInt64($0)) * (1 / Float(width).squareRoot())
    }
    let parameters = weights.map { weight in
      let tensor = frozen ? weight.converted(to: type) : weight
      return tensor === weight ? weight.copy() : tensor
    }
    let norm = Tensor.sample([width], seed: 20)
    for tensor in [x, norm] + (frozen ? [] : parameters) { tensor.requiresGrad = true }
    let adapter = rank.map {
      (a: Tensor.sample([$0, width], seed: 30), b: Tensor.sample([width, $0], seed: 31))
    }
    for tensor in [adapter?.a, adapter?.b] { tensor?.requiresGrad = true }
    func linear(_ x: Tensor, _ weight: Tensor, _ result: DataType) throws -> Tensor {
      guard let adapter else { return try x.linear(weight: weight, result: result) }
      return try x.loraLinear(weight: weight, a: adapter.a, b: adapter.b, scale: 0.1, result: result)
    }
    let tables = RotaryTables(base: 10000, headWidth: width / heads, length: length)
    let positions = (0..<30).map { Int32($0) } + (0..<40).map { Int32($0) }
    let normed = try x.rmsNorm(weight: norm, result: type)
    let turned = try [parameters[0], parameters[1]].map {
      try linear(normed, $0, .f32).rotary(
        heads: heads, headWidth: width / heads, positions: positions, tables: tables, result: type)
    }
    let mixed = try Tensor.attention(
      q: turned[0], k: turned[1], v: linear(normed, parameters[2], type), heads: heads, kvHeads: heads,
      headWidth: width / heads, documents: [30, 40])
    let h = try x + linear(mixed, parameters[3], .f32)
    let gated = try linear(h.rmsNorm(weight: norm, result: type), parameters[4], type)
    let rows = try gated.siluMultiply(linear(h.rmsNorm(weight: norm, result: type), parameters[5], type))
    let targets = (0..<length).map { $0 % 7 == 0 ? -1 : Int32($0 % width) }
    let loss = try rows.linearCrossEntropy(weight: parameters[0], targets: targets, scale: 1 / 60)
    try loss.backward()
    let leaves = [x, norm] + (frozen ? [] : parameters) + [adapter?.a, adapter?.b].compactMap { $0 }
    return [loss.values] + leaves.map { $0.grad?.values ?? [] }
  }

  /// The length of the difference over the length of `b`.
  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test(arguments: [nil, 3], [false, true])
  func aBlockAgreesWithF32(rank: Int?, frozen: Bool) throws {
    let half = try block(.bf16, rank: rank, frozen: frozen)
    let full = try block(.f32, rank: rank, frozen: frozen)
    #expect(half.count == full.count && distance(half[0], full[0]) < 5e-3)
    for (index, (a, b)) in zip(half, full).enumerated() {
      #expect(a.count == b.count && distance(a, b) < 0.03, "gradient \(index): \(distance(a, b))")
      #expect(a != b)
    }
  }

  @Test func theNumberOfThreadsChangesNoBit() throws {
    let single = try withThreads(1) { try block(.bf16, rank: 3) }
    for threads in [2, 4] { #expect(try withThreads(threads) { try block(.bf16, rank: 3) } == single) }
  }

  @Test func anEmbeddingOfHalvesGivesFloats() throws {
    let weight = Tensor.sample([5, 3], seed: 1).converted(to: .bf16)
    let rows = try weight.embedding([4, 0, 4])
    let all = weight.values
    #expect(rows.dataType == .f32 && rows.values == Array(all[12..<15] + all[0..<3] + all[12..<15]))
  }

  @Test func savedHalvesTakeHalfTheMemory() throws {
    func saved(_ type: DataType) throws -> Int {
      let ledger = StorageLedger()
      return try StorageLedger.$current.withValue(ledger) {
        let x = Tensor.sample([64, 32], seed: 1)
        x.requiresGrad = true
        let before = ledger.liveBytes
        let gate = try x.rmsNorm(weight: .ones([32]), result: type)
        let y = try gate.siluMultiply(x.rmsNorm(weight: .ones([32]), result: type))
        return withExtendedLifetime(y) { ledger.liveBytes - before }
      }
    }
    let (half, full) = (try saved(.bf16), try saved(.f32))
    #expect(full - half == 3 * 64 * 32 * 2)
  }

  #if compiler(>=6.2)
    @Test func withoutTheInstructionsF32StandsIn() async {
      await #expect(processExitsWith: .success) {
        setenv("YUYAN_MATRIX_PRODUCT", "openblas", 1)
        let suite = BFloat16Tests()
        let (half, full) = (try suite.block(.bf16, rank: 3), try suite.block(.f32, rank: 3))
        for (a, b) in zip(half, full) { #expect(suite.distance(a, b) < 0.03) }
      }
    }
  #endif
}
