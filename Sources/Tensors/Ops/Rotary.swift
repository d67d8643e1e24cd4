import CKernels
import Glibc

/// Cosines and sines of the rotary angles, (positions, headWidth / 2) each.
///
/// Inverse frequencies and angles are rounded to f32 where Transformers rounds them, so that far positions
/// agree with it.
public final class RotaryTables: @unchecked Sendable {
  public let base: Float
  public let headWidth: Int
  /// Positions 0 ..< length have an entry.
  public let length: Int
  /// Linear scaling: positions are divided by this.
  public let linearFactor: Float
  let cosines: [Float]
  let sines: [Float]

  public init(base: Float, headWidth: Int, length: Int, linearFactor: Float = 1) {
    precondition(
      headWidth > 0 && headWidth % 2 == 0 && length >= 0, "rotary halves pair up, so the width is even")
    (self.base, self.headWidth, self.length, self.linearFactor) = (base, headWidth, length, linearFactor)
    let half = headWidth / 2
    let frequencies = (0..<half).map { i in
      (1 / Float(pow(Double(base), Double(Float(2 * i) / Float(headWidth))))) / linearFactor
    }
    var cosines = [Float](), sines = [Float]()
    cosines.reserveCapacity(length * half)
    sines.reserveCapacity(length * half)
    for position in 0..<length {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle)))
        sines.append(Float(sin(angle)))
      }
    }
    (self.cosines, self.sines) = (cosines, sines)
  }
}

extension Tensor {
  /// Turns every head's pairs (i, i + headWidth / 2) by the angle of the row's position (Su and others 2021;
  /// Hugging Face's layout).
  ///
  /// Self is (T, heads * headWidth); `positions` has one entry per row, below `tables.length`.
  ///
  /// - Parameter result: the type of the result.
  public func rotary(
    heads: Int, headWidth: Int, positions: [Int32], tables: RotaryTables, result: DataType = .f32
  ) throws -> Tensor {
    let op = "rotary"
    try require(axes: 2, of: op)
    guard tables.headWidth == headWidth else {
      let reason = "tables for heads of width \(headWidth) expected, got width \(tables.headWidth)"
      throw TensorError(op: op, argument: "tables", reason: reason)
    }
    try require(shape: [positions.count, heads * headWidth], as: "self", of: op)
    for (row, position) in positions.enumerated() where position < 0 || position >= tables.length {
      let reason = "positions 0 to \(tables.length - 1) expected, got \(position) in row \(row)"
      throw TensorError(op: op, argument: "positions", reason: reason)
    }
    func turned(_ x: Tensor, _ direction: Float, as type: DataType) throws -> Tensor {
      let out = try Tensor.allocate(x.shape, type: type, op: op)
      let columns = heads * headWidth
      try Parallel.rows(positions.count, cost: columns * 2) { piece in
        for rows in piece.blocks(of: Tensor.blockRows(columns: columns)) {
          let range = rows.lowerBound * columns..<rows.upperBound * columns
          positions[rows].withUnsafeBufferPointer { positions in
            guard let base = positions.baseAddress else { return }
            out.withNewFloats(range) { out in
              yy_rotary(
                out, x.pointer + range.lowerBound, base, tables.cosines, tables.sines, direction, rows.count,
                heads,
                headWidth)
            }
          }
        }
      }
      return out
    }
    return try turned(self, 1, as: result).recorded(from: self) { [try turned($0, -1, as: .f32)] }
  }
}
