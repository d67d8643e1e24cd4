import CKernels

/// The product x * weight' of a few rows x (R, K) and a weight (N, K) of any type, which is read once: what
/// decoding consists of.
///
/// Every number of the result is summed in an order of its own that depends on K, the types and the CPU's
/// features alone: the same bits for one row or eight, whatever the number of threads.
///
/// Products are those of the types: f32 by f32; bf16 by bf16 and NF4's table in bf16 where the CPU has such
/// instructions, else in f32; whole numbers for int8 weights, to which x is brought in blocks of 32 with 16 bits.
struct FewRows {
  /// The most rows; more are worth a matrix product that reorders the weight.
  static let most = 8
  /// Kernels for CPUs with AVX-512, where this is one.
  static let kernelsOfThisCPU = yy_matvec_for_this_cpu()

  private let weight: Tensor
  private let rows: Int
  private let inputs: Int
  private let outputs: Int
  private let form: Form
  private let kernels: yy_matvec_kernels

  /// x as the weight's kernel reads it.
  private enum Form {
    case plain(Tensor)
    /// In the order of the codes in 128 columns of NF4.
    case arranged([Float])
    case arrangedHalves([UInt16])
    /// Numbers of 16 bits, and the scale of every 32.
    case whole([Int16], scales: [Float])
  }

  /// - Parameters:
  ///   - x: (R, K) of f32 or bf16, which decides the type of the products.
  ///   - kernels: those of the CPU beside the ones that run on any.
  init(_ x: Tensor, weight: Tensor, kernels: yy_matvec_kernels = kernelsOfThisCPU) {
    (outputs, inputs) = (weight.shape[0], weight.shape[1])
    rows = x.shape.dropLast().reduce(1, *)
    self.weight = weight
    self.kernels = kernels
    form =
      switch weight.dataType {
      case .f32: .plain(x.converted(to: .f32, purpose: .activations))
      case .bf16:
        .plain(kernels.bf16 == nil ? x.converted(to: .f32, purpose: .activations) : x)
      case .int8: Self.whole(x.converted(to: .f32, purpose: .activations), rows, inputs)
      case .nf4: Self.arranged(x, rows, inputs, kernels)
      }
  }

  private static func whole(_ x: Tensor, _ rows: Int, _ inputs: Int) -> Form {
    let blocks = (inputs + Int(YY_INT8_BLOCK) - 1) / Int(YY_INT8_BLOCK)
    var scales: [Float] = []
    let numbers = [Int16](unsafeUninitializedCapacity: rows * blocks * Int(YY_INT8_BLOCK)) { numbers, count in
      scales = [Float](unsafeUninitializedCapacity: rows * blocks) { scales, count in
        if let numbers = numbers.baseAddress, let scales = scales.baseAddress {
          yy_quantize_rows(numbers, scales, x.pointer, rows, inputs)
        }
        count = rows * blocks
      }
      count = rows * blocks * Int(YY_INT8_BLOCK)
    }
    return .whole(numbers, scales: scales)
  }

  /// Blocks that lie in one row each can be read by the CPU's own kernels.
  private static func arranged(_ x: Tensor, _ rows: Int, _ inputs: Int, _ kernels: yy_matvec_kernels) -> Form {
    let columns = (inputs + 127) / 128 * 128
    guard inputs % Int(YY_NF4_BLOCK) == 0, kernels.nf4 != nil else {
      return .plain(x.converted(to: .f32, purpose: .activations))
    }
    if x.dataType == .bf16, kernels.nf4_bf16 != nil {
      return .arrangedHalves(
        .init(unsafeUninitializedCapacity: rows * columns) { out, count in
          if let out = out.baseAddress { yy_nf4_arrange_bf16(out, x.bfloat16, rows, inputs) }
          count = rows * columns
        })
    }
    let x = x.converted(to: .f32, purpose: .activations)
    return .arranged(
      .init(unsafeUninitializedCapacity: rows * columns) { out, count in
        if let out = out.baseAddress { yy_nf4_arrange(out, x.pointer, rows, inputs) }
        count = rows * columns
      })
  }

  /// Writes some columns of the result (R, N), which begins at `y`.
  func multiply(_ columns: Range<Int>, into y: UnsafeMutablePointer<Float>) {
    let (first, end) = (columns.lowerBound, columns.upperBound)
    switch (form, weight.dataType) {
    case (.plain(let x), .f32): yy_matvec_f32(y, x.pointer, weight.pointer, rows, inputs, outputs, first, end)
    case (.plain(let x), .bf16):
      if x.dataType == .bf16, let kernel = kernels.bf16 {
        kernel(y, x.bfloat16, weight.bfloat16, rows, inputs, outputs, first, end)
      } else {
        yy_matvec_bf16(y, x.pointer, weight.bfloat16, rows, inputs, outputs, first, end)
      }
    case (.whole(let numbers, let scales), _):
      let layout = Int8Layout(rows: outputs, columns: inputs)
      yy_matvec_int8(
        y, numbers, scales, weight.raw.assumingMemoryBound(to: Int8.self),
        (weight.raw + layout.scalesStart).assumingMemoryBound(to: UInt16.self), rows, inputs, outputs, first, end)
    case (.arranged(let x), _):
      NF4Layout(rows: outputs, columns: inputs).withWeight(in: weight.raw) {
        kernels.nf4?(y, x, $0, rows, inputs, outputs, first, end)
      }
    case (.arrangedHalves(let x), _):
      NF4Layout(rows: outputs, columns: inputs).withWeight(in: weight.raw) {
        kernels.nf4_bf16?(y, x, $0, rows, inputs, outputs, first, end)
      }
    case (.plain(let x), _): multiplyDequantised(columns, x, into: y)
    }
  }

  /// NF4 a few rows of the weight at a time, which are written down as f32 first.
  private func multiplyDequantised(_ columns: Range<Int>, _ x: Tensor, into y: UnsafeMutablePointer<Float>) {
    let layout = NF4Layout(rows: outputs, columns: inputs)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * inputs) { memory in
      guard let floats = memory.baseAddress else { return }
      for block in columns.blocks(of: 4) {
        layout.dequantize(UnsafeRawPointer(weight.raw), rows: block, into: floats)
        yy_matvec_f32(y + block.lowerBound, x.pointer, floats, rows, inputs, outputs, 0, block.count)
      }
    }
  }
}
