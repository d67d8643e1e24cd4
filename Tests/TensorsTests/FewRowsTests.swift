import CKernels
import TestSupport
import Testing

@testable import Tensors

/// Products of a few rows against the same sums in f64, for every type of weight and every remainder.
///
/// Serialized: some change the number of threads.
@Suite(.serialized) struct FewRowsTests {
  static let lengths = [1, 7, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 192, 260, 576, 640, 1090, 4224]

  /// Which kernels run: those of this CPU, or those of any.
  private static let kernels = [FewRows.kernelsOfThisCPU, yy_matvec_kernels()]

  private func rows(_ count: Int, _ inputs: Int, _ type: DataType, seed: UInt64 = 1) -> Tensor {
    Tensor.sample([count, inputs], seed: seed, in: -3...3).converted(to: type)
  }

  private func multiply(_ x: Tensor, _ weight: Tensor, _ kernels: yy_matvec_kernels) -> [Float] {
    let product = FewRows(x, weight: weight, kernels: kernels)
    let y = Tensor.full(.nan, shape: [x.shape[0], weight.shape[0]])
    // In pieces, so that a piece that wrote beyond its columns would be seen.
    for start in stride(from: 0, to: weight.shape[0], by: 3) {
      product.work.multiply(start..<min(start + 3, weight.shape[0]), into: y.pointer)
    }
    return withExtendedLifetime(product) { y.values }
  }

  /// The most that rounding may add to sum |x| |w|: that of f32 sums; beside x of bf16 that of NF4's table in bf16, and
  /// that of x itself where it is brought to 16 bits in blocks, relative to the block's largest.
  private func bound(_ weight: DataType, _ input: DataType, _ x: [Float], _ w: [Float]) -> Double {
    let products = zip(x, w).reduce(0) { $0 + Double(abs($1.0 * $1.1)) }
    switch (input, weight) {
    case (.f32, _), (_, .f32), (_, .bf16): return 4e-6 * products
    case (_, .nf4): return (0x1p-9 + 4e-6) * products
    case (_, .int8):
      let blocks = stride(from: 0, to: x.count, by: 32).map { $0..<min($0 + 32, x.count) }
      let cut = blocks.reduce(0.0) { sum, block in
        let largest = Double(x[block].map(abs).max() ?? 0)
        return sum + largest / 65534 * w[block].reduce(0) { $0 + Double(abs($1)) }
      }
      return 4e-6 * products + 1.01 * cut
    }
  }

  @Test(arguments: DataType.allCases, [DataType.f32, .bf16])
  func sumsAreThoseOfF64(_ type: DataType, _ input: DataType) throws {
    for (number, inputs) in Self.lengths.enumerated() {
      let outputs = [5, 16, 1, 37][number % 4], count = number % FewRows.most + 1
      let weight = Tensor.sample([outputs, inputs], seed: 7).converted(to: type)
      let x = rows(count, inputs, input)
      let (w, values) = (weight.converted(to: .f32).values, x.values)
      for kernels in Self.kernels {
        let y = multiply(x, weight, kernels)
        for row in 0..<count {
          let xRow = Array(values[row * inputs..<(row + 1) * inputs])
          for n in 0..<outputs {
            let wRow = Array(w[n * inputs..<(n + 1) * inputs])
            let sum = zip(xRow, wRow).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let error = abs(Double(y[row * outputs + n]) - sum)
            #expect(error <= bound(type, input, xRow, wRow), "K \(inputs), row \(row), column \(n)")
          }
        }
      }
    }
  }

  @Test(arguments: DataType.allCases, [DataType.f32, .bf16])
  func aRowHasTheSameBitsAloneAndAmongOthers(_ type: DataType, _ input: DataType) throws {
    for inputs in [64, 100, 192, 1088] {
      let weight = Tensor.sample([21, inputs], seed: 7).converted(to: type)
      let all = rows(FewRows.most, inputs, input)
      for kernels in Self.kernels {
        let alone = try (0..<FewRows.most).map { try multiply(all.rows($0..<$0 + 1), weight, kernels) }
        for count in 1...FewRows.most {
          let together = try multiply(all.rows(0..<count), weight, kernels)
          #expect(together.map(\.bitPattern) == alone[..<count].joined().map(\.bitPattern), "\(count) rows")
        }
      }
    }
  }

  @Test(arguments: DataType.allCases)
  func theNumberOfThreadsChangesNoBit(_ type: DataType) throws {
    let weight = Tensor.sample([1000, 192], seed: 3).converted(to: type)
    let a = Tensor.sample([4, 192], seed: 4), b = Tensor.sample([1000, 4], seed: 5)
    let bias = Tensor.sample([1000], seed: 6)
    for input in [DataType.f32, .bf16] {
      let x = rows(3, 192, input)
      let runs = try [1, 2, 4].map { threads in
        try withThreads(threads) {
          [
            try x.linear(weight: weight, bias: bias, result: input, readsOnce: true).values,
            try x.loraLinear(weight: weight, a: a, b: b, scale: 2, readsOnce: true).values,
          ]
        }
      }
      #expect(runs[0] == runs[1] && runs[1] == runs[2])
    }
  }

  /// Unless it is asked for, the product is the matrix product; both must agree but for rounding.
  @Test(arguments: [DataType.f32, .bf16])
  func linearsAgreeWithMatrixProducts(_ type: DataType) throws {
    let weight = Tensor.sample([70, 96], seed: 3).converted(to: type), x = rows(5, 96, type)
    let a = Tensor.sample([4, 96], seed: 4), b = Tensor.sample([70, 4], seed: 5)
    let bias = Tensor.sample([70], seed: 6)
    b.requiresGrad = true
    bias.requiresGrad = true
    let recorded = [
      try x.linear(weight: weight, bias: bias),
      try x.loraLinear(weight: weight, bias: bias, a: a, b: b, scale: 0.5),
    ]
    try withoutGradients {
      let plain = try x.linear(weight: weight, bias: bias, readsOnce: true)
      #expect(plain.isClose(to: recorded[0], relative: 1e-5))
      #expect(try x.linear(weight: weight, bias: bias).values == recorded[0].values)
      let adapted = try x.loraLinear(
        weight: weight, bias: bias, a: a, b: b, scale: 0.5, readsOnce: true)
      #expect(adapted.isClose(to: recorded[1], relative: type == .bf16 ? 1e-2 : 1e-5))
      #expect(!adapted.isClose(to: recorded[0], relative: 1e-2))
    }
  }

  @Test(arguments: DataType.allCases, [Float.nan, .infinity])
  func whatIsNotFiniteStaysSoInItsRow(_ type: DataType, _ value: Float) throws {
    for (inputs, input) in [(100, DataType.f32), (192, .f32), (100, .bf16), (192, .bf16)] {
      let weight = Tensor.sample([6, inputs], seed: 7, in: 0.5...1).converted(to: type)
      let x = rows(2, inputs, .f32)
      x.pointer[inputs + 40] = value
      for kernels in Self.kernels {
        let y = multiply(x.converted(to: input), weight, kernels)
        #expect(y[..<6].allSatisfy(\.isFinite) && y[6...].allSatisfy { !$0.isFinite })
      }
    }
  }

  /// Zeros, and numbers too small for the 16 bits of a block, leave nothing; the largest stay finite.
  @Test func extremesOfTheInput() throws {
    let weight = Tensor.sample([4, 64], seed: 7).converted(to: .int8)
    func product(_ value: Float) -> [Float] {
      multiply(.full(value, shape: [1, 64]).converted(to: .bf16), weight, FewRows.kernelsOfThisCPU)
    }
    #expect(product(0) == [0, 0, 0, 0])
    #expect(product(0x1p-120) == [0, 0, 0, 0])
    #expect(product(0x1p100) == product(1).map { $0 * 0x1p100 })
  }

  @Test func noRowsAndNoColumns() throws {
    try withoutGradients {
      for type in [DataType.f32, .bf16] {
        let weight = Tensor.sample([3, 0]).converted(to: type)
        #expect(
          try Tensor.zeros([2, 0]).linear(weight: weight, readsOnce: true).values == [0, 0, 0, 0, 0, 0])
        let none = try Tensor.zeros([0, 5]).linear(
          weight: Tensor.sample([3, 5]).converted(to: type), readsOnce: true)
        #expect(none.shape == [0, 3])
      }
    }
  }
}
