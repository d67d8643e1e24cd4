import TestSupport
import Testing

@testable import Tensors

/// Linear maps so large that their products are cut: each equals one call of the library on the whole, and no bit
/// depends on the number of threads.
@Suite(.serialized) struct CutProductTests {
  struct Size: CustomStringConvertible, Sendable {
    let m: Int
    let n: Int
    let k: Int
    var description: String { "(\(m), \(n), \(k))" }
  }

  /// The weight's type, and the type of x.
  struct Types: CustomStringConvertible, Sendable {
    let weight: DataType
    let compute: DataType
    var description: String { "\(weight) weight, \(compute) x" }
    static let all = DataType.allCases.flatMap { weight in
      [DataType.f32, .bf16].map { Types(weight: weight, compute: $0) }
    }
  }

  /// What is added to x * weight'.
  private struct Addition {
    var bias = false
    var residual = false
    var lora = false
    var result = DataType.f32
    static let all = [
      Addition(), Addition(bias: true), Addition(residual: true), Addition(lora: true),
      Addition(bias: true, residual: true, lora: true), Addition(result: .bf16),
      Addition(bias: true, result: .bf16), Addition(bias: true, lora: true, result: .bf16),
    ]
  }

  private static let sizes = [
    Size(m: 300, n: 520, k: 256), Size(m: 520, n: 300, k: 256), Size(m: 96, n: 800, k: 64),
    Size(m: 800, n: 96, k: 64),
  ]

  private static let scale: Float = 1.5

  /// The tensors of a linear map; x and the weight have their types already.
  private struct Inputs {
    let x: Tensor
    let weight: Tensor
    let bias: Tensor
    let residual: Tensor
    let a: Tensor
    let b: Tensor
    let dout: Tensor

    init(_ size: Size, _ types: Types) {
      x = Tensor.sample([size.m, size.k], seed: 1).converted(to: types.compute)
      weight = Tensor.sample([size.n, size.k], seed: 2).converted(to: types.weight)
      bias = Tensor.sample([size.n], seed: 3)
      residual = Tensor.sample([size.m, size.n], seed: 4)
      a = Tensor.sample([4, size.k], seed: 5)
      b = Tensor.sample([size.n, 4], seed: 6)
      dout = Tensor.sample([size.m, size.n], seed: 7)
    }

    func linear(_ addition: Addition) throws -> Tensor {
      let bias = addition.bias ? bias : nil, residual = addition.residual ? residual : nil
      guard addition.lora else {
        return try x.linear(weight: weight, bias: bias, residual: residual, result: addition.result)
      }
      return try x.loraLinear(
        weight: weight, bias: bias, a: a, b: b, scale: scale, residual: residual, result: addition.result)
    }

    /// One product of whole matrices, its operands as the engine makes them.
    func whole(
      _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false, scale: Float = 1
    ) throws -> Tensor {
      let provider = try MatrixProducts.current
      let used = provider.type(for: x.dataType)
      let (a, b) = (
        a.converted(to: used), (b.dataType.isPlain ? b : b.converted(to: x.dataType)).converted(to: used)
      )
      let (m, k) = transposeA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
      let n = b.shape[transposeB ? 0 : 1]
      let c = Tensor.zeros([m, n])
      provider.multiply(
        m: m, n: n, k: k, alpha: scale, a: a.matrix, lda: a.shape[1], transposeA: transposeA, b: b.matrix,
        ldb: b.shape[1], transposeB: transposeB, beta: 0, c: c.pointer, ldc: n)
      return withExtendedLifetime((a, b)) { c }
    }

    func expected(_ addition: Addition) throws -> Tensor {
      var sum = try whole(x, weight, transposeB: true)
      if addition.lora {
        let thin = try whole(x, a, transposeB: true)
        sum = try sum + whole(thin, b, transposeB: true, scale: scale)
      }
      if addition.bias { sum = try sum + bias }
      if addition.residual { sum = try sum + residual }
      return sum
    }
  }

  private func bytes(_ tensor: Tensor) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: tensor.raw, count: tensor.byteCount))
  }

  /// Whether every element is the expected one but for f32 sums in another order, and bf16's rounding.
  private func agrees(_ tensor: Tensor, _ expected: Tensor) -> Bool {
    guard tensor.shape == expected.shape else { return false }
    let (ours, theirs) = (tensor.values, expected.values)
    let allowed = 1e-5 * (theirs.map(abs).max() ?? 0), rounding: Float = tensor.dataType == .bf16 ? 0x1p-8 : 0
    return zip(ours, theirs).allSatisfy { abs($0 - $1) <= allowed + rounding * abs($1) }
  }

  @Test(arguments: sizes, Types.all)
  func aCutLinearIsTheWholeOne(_ size: Size, _ types: Types) throws {
    try #require(MatrixCut(m: size.m, n: size.n, k: size.k).count > 1)
    let inputs = Inputs(size, types)
    for addition in Addition.all {
      let single = try withThreads(1) { try inputs.linear(addition) }
      #expect(single.dataType == addition.result)
      #expect(try agrees(single, inputs.expected(addition)), "\(addition)")
      for threads in [2, 4] {
        let several = try withThreads(threads) { try inputs.linear(addition) }
        #expect(bytes(several) == bytes(single), "\(addition), \(threads) threads")
      }
    }
  }

  /// The gradients of x, of the adapter and of a plain f32 weight after two passes, the second added to the first.
  private func gradients(_ size: Size, _ types: Types) throws -> [Tensor] {
    let inputs = Inputs(size, types)
    let leaves = [inputs.x, inputs.a, inputs.b] + (types.weight == .f32 ? [inputs.weight] : [])
    for leaf in leaves { leaf.requiresGrad = true }
    for _ in 0..<2 { try inputs.linear(Addition(lora: true)).backward(gradient: inputs.dout) }
    return try leaves.map { try #require($0.grad) }
  }

  @Test(arguments: Array(sizes.prefix(2)), Types.all)
  func cutGradientsAreTheWholeOnes(_ size: Size, _ types: Types) throws {
    try #require(MatrixCut(m: size.m, n: size.k, k: size.n).count > 1)
    try #require(MatrixCut(m: size.n, n: size.k, k: size.m).count > 1)
    let single = try withThreads(1) { try gradients(size, types) }
    for threads in [2, 4] {
      let several = try withThreads(threads) { try gradients(size, types) }
      #expect(several.map(bytes) == single.map(bytes), "\(threads) threads")
    }
    let inputs = Inputs(size, types), dout = inputs.dout.converted(to: types.compute)
    let thin = try inputs.whole(inputs.x, inputs.a, transposeB: true)
    let dthin = try inputs.whole(dout, inputs.b, scale: Self.scale)
    var expected = [
      try inputs.whole(dout, inputs.weight) + inputs.whole(dthin, inputs.a),
      try inputs.whole(dthin, inputs.x, transposeA: true),
      try inputs.whole(dout, thin, transposeA: true, scale: Self.scale),
    ]
    if types.weight == .f32 { expected.append(try inputs.whole(dout, inputs.x, transposeA: true)) }
    for (gradient, expected) in zip(single, expected) { #expect(try agrees(gradient, expected * 2)) }
  }
}
