import CKernels
import Glibc

/// A matrix in NF4 with double quantisation: QLoRA's format (Dettmers and others 2023, arXiv:2305.14314) with
/// the codes of bitsandbytes.
///
/// What the parts mean stands in nf4.c. The buffer holds, each from a multiple of 64 bytes on:
/// - codes: half a byte an element, in whole blocks of 64 consecutive elements of the row-major matrix;
/// - the blocks' absmax: a byte each;
/// - in f32, the largest magnitude of every 256 absmax less the offset, and behind them the offset.
///
/// That is 0.516 bytes a weight.
struct NF4Layout: QuantizedLayout {
  let count: Int
  let columns: Int
  let blocks: Int
  let nestedBlocks: Int
  let absmaxStart: Int
  let nestedStart: Int

  init(rows: Int, columns: Int) {
    count = rows * columns
    self.columns = columns
    blocks = (count + Self.block - 1) / Self.block
    nestedBlocks = (blocks + Self.nestedBlock - 1) / Self.nestedBlock
    absmaxStart = Self.aligned(blocks * Self.block / 2)
    nestedStart = absmaxStart + Self.aligned(blocks)
  }

  var byteCount: Int { nestedStart + (nestedBlocks + 1) * MemoryLayout<Float>.stride }

  static let block = Int(YY_NF4_BLOCK)
  static let nestedBlock = Int(YY_NF4_NESTED_BLOCK)

  func quantize(_ x: UnsafePointer<Float>, into buffer: UnsafeMutableRawPointer) {
    memset(buffer, 0, byteCount)
    let codes = buffer.assumingMemoryBound(to: UInt8.self)
    let absmax = Tensor.uninitialized([blocks])
    Parallel.allRows(blocks, cost: Self.block * 2) { piece in
      let first = piece.lowerBound * Self.block
      yy_nf4_quantize(
        codes + first / 2, absmax.pointer + piece.lowerBound, x + first,
        min(count, piece.upperBound * Self.block) - first)
    }
    quantizeAbsmax(absmax.pointer, offset: mean(absmax), into: buffer)
    withExtendedLifetime(absmax) {}
  }

  /// The blocks' mean absmax: summed in f64, so that only the result is rounded.
  private func mean(_ absmax: Tensor) -> Float {
    blocks == 0 ? 0 : Float(yy_total(absmax.pointer, blocks) / Double(blocks))
  }

  /// The second quantisation, of the absmax.
  func quantizeAbsmax(_ absmax: UnsafePointer<Float>, offset: Float, into buffer: UnsafeMutableRawPointer) {
    let nested = (buffer + nestedStart).assumingMemoryBound(to: Float.self)
    nested[nestedBlocks] = offset
    DynamicMap.values.withUnsafeBufferPointer { map in
      guard let map = map.baseAddress else { return }
      yy_nf4_quantize_absmax(
        (buffer + absmaxStart).assumingMemoryBound(to: UInt8.self), nested, absmax, offset, map, blocks)
    }
  }

  func dequantize(_ buffer: UnsafeRawPointer, rows: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    withWeight(in: buffer) { yy_nf4_dequantize(out, $0, rows.lowerBound * columns, rows.count * columns) }
  }

  func dequantize(_ buffer: UnsafeRawPointer, rows: Range<Int>, into out: UnsafeMutablePointer<UInt16>) {
    withWeight(in: buffer) {
      yy_nf4_dequantize_bfloat16(out, $0, rows.lowerBound * columns, rows.count * columns)
    }
  }

  /// Hands the kernels what they read, for as long as `body` runs.
  func withWeight(in buffer: UnsafeRawPointer, _ body: (yy_nf4_weight) throws -> Void) rethrows {
    let nested = (buffer + nestedStart).assumingMemoryBound(to: Float.self)
    try DynamicMap.values.withUnsafeBufferPointer { map in
      guard let map = map.baseAddress else { return }
      try body(
        yy_nf4_weight(
          codes: buffer.assumingMemoryBound(to: UInt8.self),
          absmax: (buffer + absmaxStart).assumingMemoryBound(to: UInt8.self), nested: nested,
          offset: nested[nestedBlocks], map: map))
    }
  }
}
