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

  /// x as the weight's kernel reads it, and the weight: what `work` points into.
  let owners: [Tensor]
  let work: Work

  /// What a piece needs to know, without a reference that threads would count.
  struct Work {
    fileprivate let kernel: Kernel
    fileprivate let x: UnsafeRawPointer
    /// Of every 32 whole numbers of x.
    fileprivate let scales: UnsafePointer<Float>?
    fileprivate let weight: UnsafeRawPointer
    fileprivate let rows: Int
    fileprivate let inputs: Int
    fileprivate let outputs: Int
    fileprivate let kernels: yy_matvec_kernels
  }

  fileprivate enum Kernel {
    case f32, bf16, halves, int8, whole, nf4, nf4Halves, dequantized
  }

  /// - Parameters:
  ///   - x: (R, K) of f32 or bf16, which decides the type of the products.
  ///   - kernels: those of the CPU beside the ones that run on any.
  init(_ x: Tensor, weight: Tensor, kernels: yy_matvec_kernels = kernelsOfThisCPU) {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let rows = x.shape.dropLast().reduce(1, *), isHalf = x.dataType == .bf16
    let kernel: Kernel =
      switch weight.dataType {
      case .f32: .f32
      case .bf16: isHalf && kernels.bf16 != nil ? .halves : .bf16
      case .int8: isHalf ? .whole : .int8
      case .nf4:
        // The CPU's own kernels read blocks that lie in one row each.
        if inputs % Int(YY_NF4_BLOCK) != 0 || inputs > Int(YY_NF4_INPUTS) || kernels.nf4 == nil {
          .dequantized
        } else {
          isHalf && kernels.nf4_bf16 != nil ? .nf4Halves : .nf4
        }
      }
    let prepared = Self.prepare(x, for: kernel, rows, inputs)
    owners = [prepared.x, weight] + [prepared.scales].compactMap(\.self)
    work = Work(
      kernel: kernel, x: UnsafeRawPointer(prepared.x.raw),
      scales: prepared.scales.map { UnsafePointer($0.pointer) }, weight: UnsafeRawPointer(weight.raw),
      rows: rows, inputs: inputs, outputs: outputs, kernels: kernels)
  }

  private static func prepare(
    _ x: Tensor, for kernel: Kernel, _ rows: Int, _ inputs: Int
  ) -> (x: Tensor, scales: Tensor?) {
    let columns = (inputs + 127) / 128 * 128
    switch kernel {
    case .halves: return (x, nil)
    case .nf4Halves:
      let arranged = Tensor.uninitialized([rows, columns], type: .bf16)
      yy_nf4_arrange_bf16(arranged.bfloat16, x.bfloat16, rows, inputs)
      return (arranged, nil)
    case .f32, .bf16, .int8, .dequantized: return (x.converted(to: .f32, purpose: .activations), nil)
    case .nf4:
      let floats = x.converted(to: .f32, purpose: .activations)
      let arranged = Tensor.uninitialized([rows, columns])
      withExtendedLifetime(floats) { yy_nf4_arrange(arranged.pointer, floats.pointer, rows, inputs) }
      return (arranged, nil)
    case .whole:
      let floats = x.converted(to: .f32, purpose: .activations)
      let block = Int(YY_INT8_BLOCK), blocks = (inputs + block - 1) / block
      // Numbers of 16 bits, for which there is no type of tensor.
      let numbers = Tensor.uninitialized([rows, blocks * block], type: .bf16)
      let scales = Tensor.uninitialized([rows, (blocks + 15) / 16 * 16])
      withExtendedLifetime(floats) {
        yy_quantize_rows(
          numbers.raw.assumingMemoryBound(to: Int16.self), scales.pointer, floats.pointer, rows, inputs)
      }
      return (numbers, scales)
    }
  }
}

extension FewRows.Work {
  /// Writes some columns of the result (R, N), which begins at `y`.
  func multiply(_ columns: Range<Int>, into y: UnsafeMutablePointer<Float>) {
    let (first, end) = (columns.lowerBound, columns.upperBound)
    switch kernel {
    case .f32: yy_matvec_f32(y, floats, weight.of(Float.self), rows, inputs, outputs, first, end)
    case .bf16: yy_matvec_bf16(y, floats, weight.of(UInt16.self), rows, inputs, outputs, first, end)
    case .halves:
      kernels.bf16?(y, x.of(UInt16.self), weight.of(UInt16.self), rows, inputs, outputs, first, end)
    case .int8: yy_matvec_int8(y, floats, weight.of(Int8.self), int8Scales, rows, inputs, outputs, first, end)
    case .whole:
      guard let scales else { preconditionFailure("whole numbers have scales") }
      yy_matvec_int8_whole(
        y, x.of(Int16.self), scales, weight.of(Int8.self), int8Scales, rows, inputs, outputs, first, end)
    case .nf4:
      NF4Layout(rows: outputs, columns: inputs).withWeight(in: weight) {
        kernels.nf4?(y, floats, $0, rows, inputs, outputs, first, end)
      }
    case .nf4Halves:
      NF4Layout(rows: outputs, columns: inputs).withWeight(in: weight) {
        kernels.nf4_bf16?(y, x.of(UInt16.self), $0, rows, inputs, outputs, first, end)
      }
    case .dequantized: multiplyDequantized(columns, into: y)
    }
  }

  private var floats: UnsafePointer<Float> { x.of(Float.self) }

  private var int8Scales: UnsafePointer<UInt16> {
    (weight + Int8Layout(rows: outputs, columns: inputs).scalesStart).of(UInt16.self)
  }

  /// NF4 a few rows of the weight at a time, which are written down as f32 first.
  private func multiplyDequantized(_ columns: Range<Int>, into y: UnsafeMutablePointer<Float>) {
    let layout = NF4Layout(rows: outputs, columns: inputs)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * inputs) { memory in
      guard let rowsOfWeight = memory.baseAddress else { return }
      for block in columns.blocks(of: 4) {
        layout.dequantize(weight, rows: block, into: rowsOfWeight)
        yy_matvec_f32(y + block.lowerBound, floats, rowsOfWeight, rows, inputs, outputs, 0, block.count)
      }
    }
  }
}

extension UnsafeRawPointer {
  fileprivate func of<T>(_ type: T.Type) -> UnsafePointer<T> { assumingMemoryBound(to: type) }
}
