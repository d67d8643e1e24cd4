/// How a frozen matrix (rows, columns) in few bits lies in one buffer.
protocol QuantizedLayout: Equatable, Sendable {
  init(rows: Int, columns: Int)

  var columns: Int { get }
  /// The size of the buffer.
  var byteCount: Int { get }

  /// Quantises all elements, which must be finite, on all threads.
  ///
  /// Every byte of the buffer is written: equal weights have equal buffers.
  func quantize(_ x: UnsafePointer<Float>, into buffer: UnsafeMutableRawPointer)

  /// What the codes of some rows stand for, in f32.
  func dequantize(_ buffer: UnsafeRawPointer, rows: Range<Int>, into out: UnsafeMutablePointer<Float>)

  /// The same rounded to bf16, to nearest, ties to even.
  func dequantize(_ buffer: UnsafeRawPointer, rows: Range<Int>, into out: UnsafeMutablePointer<UInt16>)
}

extension QuantizedLayout {
  /// `bytes` rounded up, so that the next part of the buffer begins a cache line.
  static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
}

extension DataType {
  /// The layout of a matrix in this type; nil for the plain types.
  func layout(of shape: [Int]) -> (any QuantizedLayout)? {
    guard !isPlain else { return nil }
    precondition(shape.count == 2, "a tensor of \(rawValue) has two axes")
    switch self {
    case .f32, .bf16: return nil
    case .int8: return Int8Layout(rows: shape[0], columns: shape[1])
    case .nf4: return NF4Layout(rows: shape[0], columns: shape[1])
    }
  }
}
