import CKernels

/// The product x * weight' of a few rows x (R, K) and a weight (N, K) of any type, which is read once: what
/// decoding consists of.
///
/// Every number of the result is summed in an order of its own that depends on K, the types and the CPU's
/// features alone: the same bits for one row or eight, whatever the number of threads.
///
/// x of f32 is multiplied in f32 by what the weight stands for. x of bf16 is multiplied by bf16 numbers, among them
/// NF4's table, where the CPU has such instructions, else in f32; and by int8's codes as whole numbers, to which x
/// is brought in blocks of 32 with 16 bits.
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
      case .int8:
        x.dataType == .f32
          ? .plain(x) : Self.whole(x.converted(to: .f32, purpose: .activations), rows, inputs)
      case .nf4: Self.arranged(x, rows, inputs, kernels)
      }
  }

  private static func whole(_ x: Tensor, _ rows: Int, _ inputs: Int) -> Form {
    let block = Int(YY_INT8_BLOCK), blocks = (inputs + block - 1) / block
    var scales = [Float](repeating: 0, count: rows * ((blocks + 15) / 16 * 16))
    let numbers = [Int16](unsafeUninitializedCapacity: rows * blocks * block) { numbers, count in
      if let numbers = numbers.baseAddress { yy_quantize_rows(numbers, &scales, x.pointer, rows, inputs) }
      count = rows * blocks * block
    }
    return .whole(numbers, scales: scales)
  }

  /// Blocks that lie in one row each can be read by the CPU's own kernels.
  private static func arranged(_ x: Tensor, _ rows: Int, _ inputs: Int, _ kernels: yy_matvec_kernels) -> Form
  {
    let columns = (inputs + 127) / 128 * 128
    guard inputs % Int(YY_NF4_BLOCK) == 0, inputs <= Int(YY_NF4_INPUTS), kernels.nf4 != nil else {
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
    case (.plain(let x), .int8):
      yy_matvec_int8(y, x.pointer, int8.codes, int8.scales, rows, inputs, outputs, first, end)
    case (.whole(let numbers, let scales), _):
      yy_matvec_int8_whole(y, numbers, scales, int8.codes, int8.scales, rows, inputs, outputs, first, end)
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

  private var int8: (codes: UnsafePointer<Int8>, scales: UnsafePointer<UInt16>) {
    let scales = weight.raw + Int8Layout(rows: outputs, columns: inputs).scalesStart
    return (
      UnsafePointer(weight.raw.assumingMemoryBound(to: Int8.self)),
      UnsafePointer(scales.assumingMemoryBound(to: UInt16.self))
    )
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
