import CKernels
import Glibc

/// A matrix in 8-bit blocks: whole numbers from -127 to 127 times a scale for every 32 elements of a row.
///
/// A row's last block may be shorter. The buffer holds the codes, row after row, a byte each, and from the
/// next multiple of 64 bytes on the scales, row after row, in bf16. That is 1.0625 bytes a weight where
/// columns are a multiple of 32. Rounding moves an element by at most half a scale, which is its block's
/// absmax / 127 or at most 1/128 more.
struct Int8Layout: QuantizedLayout {
  let rows: Int
  let columns: Int
  let blocksPerRow: Int
  let scalesStart: Int

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    let block = Int(YY_INT8_BLOCK)
    blocksPerRow = (columns + block - 1) / block
    scalesStart = Self.aligned(rows * columns)
  }

  var byteCount: Int { scalesStart + rows * blocksPerRow * MemoryLayout<UInt16>.stride }

  func quantize(_ x: UnsafePointer<Float>, into buffer: UnsafeMutableRawPointer) {
    let codes = buffer.assumingMemoryBound(to: Int8.self)
    let scales = (buffer + scalesStart).assumingMemoryBound(to: UInt16.self)
    memset(buffer + rows * columns, 0, scalesStart - rows * columns)
    Parallel.allRows(rows, cost: columns * 2) { piece in
      let first = piece.lowerBound
      yy_int8_quantize(
        codes + first * columns, scales + first * blocksPerRow, x + first * columns, piece.count, columns)
    }
  }

  func dequantize(_ buffer: UnsafeRawPointer, rows: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    yy_int8_dequantize(out, codes(buffer, rows), scales(buffer, rows), rows.count, columns)
  }

  func dequantize(_ buffer: UnsafeRawPointer, rows: Range<Int>, into out: UnsafeMutablePointer<UInt16>) {
    yy_int8_dequantize_bfloat16(out, codes(buffer, rows), scales(buffer, rows), rows.count, columns)
  }

  private func codes(_ buffer: UnsafeRawPointer, _ rows: Range<Int>) -> UnsafePointer<Int8> {
    buffer.assumingMemoryBound(to: Int8.self) + rows.lowerBound * columns
  }

  private func scales(_ buffer: UnsafeRawPointer, _ rows: Range<Int>) -> UnsafePointer<UInt16> {
    (buffer + scalesStart).assumingMemoryBound(to: UInt16.self) + rows.lowerBound * blocksPerRow
  }
}
