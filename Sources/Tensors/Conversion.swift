import CKernels

extension Tensor {
  /// The same numbers in another type, rounded to the nearest even or quantised; self where it has that type already.
  ///
  /// Not recorded. Only finite numbers can be quantised. `purpose` is self's unless given.
  public func converted(to type: DataType, purpose: Purpose? = nil) -> Tensor {
    guard type != dataType else { return self }
    let out = Tensor.uninitialized(shape, type: type, purpose: purpose ?? self.purpose)
    convert(into: out)
    return out
  }

  /// Writes the same numbers into a tensor of another type.
  public func convert(into out: Tensor) {
    precondition(out.shape == shape && out.dataType != dataType, "a conversion keeps the shape")
    if let layout = out.dataType.layout(of: shape) {
      let floats = converted(to: .f32, purpose: .activations)
      withExtendedLifetime(floats) { layout.quantize(floats.pointer, into: out.raw) }
    } else if let layout = dataType.layout(of: shape) {
      dequantize(layout, into: out)
    } else {
      Parallel.allRows(count, cost: 1) { piece in
        for block in piece.blocks(of: Tensor.blockLength) {
          withFloats(block) { x in out.withNewFloats(block) { $0.update(from: x, count: block.count) } }
        }
      }
    }
  }

  private func dequantize(_ layout: any QuantizedLayout, into out: Tensor) {
    let columns = layout.columns
    Parallel.allRows(shape[0], cost: columns) { rows in
      let first = rows.lowerBound * columns
      switch out.dataType {
      case .f32: layout.dequantize(raw, rows: rows, into: out.pointer + first)
      case .bf16: layout.dequantize(raw, rows: rows, into: out.bfloat16 + first)
      case .int8, .nf4: preconditionFailure("codes are turned into numbers first")
      }
    }
  }

  /// Elements that element-wise work converts at a time, few enough for the nearest cache.
  static let blockLength = 4096

  /// Lends elements as 32-bit floats: where they lie, or converted.
  func withFloats(_ range: Range<Int>, _ body: (UnsafePointer<Float>) -> Void) {
    guard dataType != .f32 else { return body(pointer + range.lowerBound) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { floats in
      guard let base = floats.baseAddress else { return }
      yy_from_bfloat16(base, bfloat16 + range.lowerBound, range.count)
      body(base)
    }
  }

  /// Has elements written as 32-bit floats: where they lie, or to be rounded into their place.
  func withNewFloats(_ range: Range<Int>, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    guard dataType != .f32 else { return body(pointer + range.lowerBound) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { floats in
      guard let base = floats.baseAddress else { return }
      body(base)
      yy_to_bfloat16(bfloat16 + range.lowerBound, base, range.count)
    }
  }
}

extension Tensor {
  /// Whole rows that element-wise work converts at a time.
  static func blockRows(columns: Int) -> Int { Swift.max(1, blockLength / Swift.max(1, columns)) }
}

extension Range<Int> {
  /// The range in parts of at most `size`.
  func blocks(of size: Int) -> some Sequence<Range<Int>> {
    stride(from: lowerBound, to: upperBound, by: size).lazy.map { $0..<Swift.min($0 + size, upperBound) }
  }
}
