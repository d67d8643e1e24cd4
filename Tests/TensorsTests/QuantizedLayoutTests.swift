import CKernels
import TestSupport
import Testing

@testable import Tensors

/// NF4 against bitsandbytes (scripts/fixtures/quantization.py), both formats against their error bounds.
@Suite struct QuantizedLayoutTests {
  @Test func tablesAreThoseOfBitsandbytes() throws {
    let tables = try #require(try Self.cases("tables").first)
    #expect(try DynamicMap.values == tables.tensor("map").values)
    let table = withUnsafeBytes(of: yy_nf4_table) { Array($0.bindMemory(to: Float.self)) }
    #expect(try table == tables.tensor("table").values)
  }

  @Test(arguments: try cases("nf4"))
  func nf4IsThatOfBitsandbytes(_ fixture: Fixture) throws {
    let shape = try fixture.integers("shape"), count = shape[0] * shape[1]
    let x = try Self.weights(count, seed: UInt64(fixture.number("seed")), kind: fixture.text("kind"))
    let layout = NF4Layout(rows: shape[0], columns: shape[1])
    var buffer = Self.quantized(x, layout)
    // The offset, a mean, depends on the order of the sum, which with PyTorch is the machine's: ours is the
    // exact sum's. All that follows from it is compared under theirs.
    let offset = Float(try fixture.number("offset"))
    let own = Self.floats(buffer, at: layout.nestedStart + 4 * layout.nestedBlocks, count: 1)[0]
    #expect(abs(own - offset) <= 2 * offset.ulp)
    try buffer.withUnsafeMutableBytes {
      let base = try #require($0.baseAddress)
      try layout.quantizeAbsmax(fixture.tensor("absmax").pointer, offset: offset, into: base)
    }
    let bytes = { (range: Range<Int>) in range.map { hexadecimal(buffer[$0]) }.joined() }
    #expect(try bytes(0..<(count + 1) / 2) == fixture.text("codes"))
    #expect(try bytes(layout.absmaxStart..<layout.absmaxStart + layout.blocks) == fixture.text("absmaxCodes"))
    #expect(
      try Self.floats(buffer, at: layout.nestedStart, count: layout.nestedBlocks)
        == fixture.tensor("nested").values)
    let values = Self.values(buffer, layout, rows: 0..<shape[0])
    #expect(try checksum(values, \.bitPattern) == fixture.text("values"))
    let rounded = Self.bfloat16(buffer, layout, rows: 0..<shape[0])
    #expect(try checksum(rounded, UInt32.init) == fixture.text("bfloat16"))
    // The absmax found here are bitsandbytes': with the same offset everything is.
    if own == offset { #expect(Self.quantized(x, layout) == buffer) }
  }

  /// |x - x'| <= half the table's widest gap * absmax + the error of absmax, which is at most half the map's
  /// widest gap times the largest of its 256 (figures H8).
  @Test(arguments: [[16, 64], [129, 260], [5, 7], [1, 1], [3, 129]])
  func nf4StaysWithinItsBound(_ shape: [Int]) {
    let count = shape[0] * shape[1], x = Self.weights(count, seed: 11)
    let layout = NF4Layout(rows: shape[0], columns: shape[1])
    let buffer = Self.quantized(x, layout), values = Self.values(buffer, layout, rows: 0..<shape[0])
    let nested = Self.floats(buffer, at: layout.nestedStart, count: layout.nestedBlocks)
    for block in 0..<layout.blocks {
      let range = block * 64..<min(count, block * 64 + 64)
      let absmax = range.map { abs(x[$0]) }.max() ?? 0
      let bound = 0.1520 * absmax + 0.00704 * nested[block / 256] + 1e-6
      #expect(range.allSatisfy { abs(x[$0] - values[$0]) <= bound }, "block \(block)")
    }
  }

  @Test(arguments: [[4, 32], [3, 100], [5, 7], [1, 1], [7, 33]])
  func int8StaysWithinHalfAScale(_ shape: [Int]) {
    let x = Self.weights(shape[0] * shape[1], seed: 12)
    let layout = Int8Layout(rows: shape[0], columns: shape[1])
    let buffer = Self.quantized(x, layout), values = Self.values(buffer, layout, rows: 0..<shape[0])
    for row in 0..<shape[0] {
      for start in stride(from: 0, to: shape[1], by: 32) {
        let range = row * shape[1] + start..<row * shape[1] + min(shape[1], start + 32)
        let absmax = range.map { abs(x[$0]) }.max() ?? 0
        let scale = buffer.withUnsafeBytes {
          let place = layout.scalesStart + 2 * (row * layout.blocksPerRow + start / 32)
          return Float(bitPattern: UInt32($0.load(fromByteOffset: place, as: UInt16.self)) << 16)
        }
        #expect(scale >= absmax / 127 && scale <= absmax / 127 * (1 + 1 / 128))
        for i in range {
          // The rule itself: the nearest whole number of scales, ties to even.
          #expect(values[i] == (x[i] / scale).rounded(.toNearestOrEven) * scale)
          #expect(abs(x[i] - values[i]) <= scale / 2 * 1.000001)
        }
      }
    }
  }

  @Test func bytesAWeight() {
    #expect(NF4Layout(rows: 768, columns: 2048).byteCount == 768 * 2048 / 2 + 24576 + 4 * 96 + 4)
    #expect(Int8Layout(rows: 768, columns: 2048).byteCount == 768 * 2048 / 16 * 17)
    let count = 768.0 * 2048
    #expect(Double(NF4Layout(rows: 768, columns: 2048).byteCount) / count < 0.516)
    #expect(NF4Layout(rows: 0, columns: 4).byteCount == 4)
  }

  @Test func zerosAndTinyBlocksStayExact() {
    for value: Float in [0, 0x1p-149, -0x1p-128, 1e-30] {
      var x = [Float](repeating: 0, count: 128)
      x[3] = value
      let nf4 = NF4Layout(rows: 2, columns: 64), int8 = Int8Layout(rows: 2, columns: 64)
      let values = Self.values(Self.quantized(x, int8), int8, rows: 0..<2)
      #expect(values.enumerated().allSatisfy { $0.offset == 3 || $0.element == 0 })
      #expect(abs(values[3] - value) <= abs(value) / 127 + 0x1p-133)
      #expect(Self.values(Self.quantized(x, nf4), nf4, rows: 0..<2).allSatisfy { abs($0) <= 2 * abs(value) })
    }
  }

  /// Any range of rows is what the whole matrix gives, though rows begin inside blocks and bytes.
  @Test(arguments: [[9, 7], [6, 96], [5, 129]])
  func rowsAreDequantisedAlone(_ shape: [Int]) {
    func check(_ layout: some QuantizedLayout) {
      let x = Self.weights(shape[0] * shape[1], seed: 13), buffer = Self.quantized(x, layout)
      let whole = Self.values(buffer, layout, rows: 0..<shape[0])
      let rounded = Self.bfloat16(buffer, layout, rows: 0..<shape[0])
      for first in 0..<shape[0] {
        for end in first...shape[0] {
          let range = first * shape[1]..<end * shape[1]
          #expect(Self.values(buffer, layout, rows: first..<end) == Array(whole[range]))
          #expect(Self.bfloat16(buffer, layout, rows: first..<end) == Array(rounded[range]))
        }
      }
      for (value, bits) in zip(whole, rounded) {
        let nearest = Float(bitPattern: UInt32(bits) << 16)
        #expect(abs(nearest - value) <= abs(value) / 256)
      }
    }
    check(NF4Layout(rows: shape[0], columns: shape[1]))
    check(Int8Layout(rows: shape[0], columns: shape[1]))
  }

  @Test func threadsChangeNoBit() {
    let x = Self.weights(300 * 517, seed: 14)
    func buffers() -> [[UInt8]] {
      [
        Self.quantized(x, NF4Layout(rows: 300, columns: 517)),
        Self.quantized(x, Int8Layout(rows: 300, columns: 517)),
      ]
    }
    let alone = withThreads(1, buffers)
    #expect(withThreads(4, buffers) == alone)
  }

  // MARK: - What the cases share

  private static func cases(_ op: String) throws -> [Fixture] {
    try Fixture.load("quantization", in: .module).filter { try $0.text("op") == op }
  }

  /// The weights of scripts/fixtures/quantization.py.
  private static func weights(_ count: Int, seed: UInt64, kind: String = "random") -> [Float] {
    (0..<count).map { index in
      var state = UInt64(index) &+ seed &* 0x9E37_79B9
      state = (state ^ (state >> 16)) &* 0x85EB_CA6B & 0xFFFF_FFFF
      state = (state ^ (state >> 13)) &* 0xC2B2_AE35 & 0xFFFF_FFFF
      state ^= state >> 16
      let u = Float(state >> 8) * 0x1p-23 - 1
      switch kind {
      case "zeros": return 0
      case "zero blocks" where (64..<256).contains(index): return 0
      case "one magnitude": return u < 0 ? -0.25 : 0.25
      default: return u * u * u * 0.125
      }
    }
  }

  /// The buffer after quantising, which starts full of rubbish.
  private static func quantized(_ x: [Float], _ layout: some QuantizedLayout) -> [UInt8] {
    var buffer = [UInt8](repeating: 0xA5, count: layout.byteCount)
    buffer.withUnsafeMutableBytes { bytes in
      x.withUnsafeBufferPointer { x in
        guard let base = bytes.baseAddress, let x = x.baseAddress else { return }
        layout.quantize(x, into: base)
      }
    }
    return buffer
  }

  private static func floats(_ buffer: [UInt8], at place: Int, count: Int) -> [Float] {
    buffer.withUnsafeBytes { bytes in
      (0..<count).map { bytes.load(fromByteOffset: place + 4 * $0, as: Float.self) }
    }
  }

  private static func values(_ buffer: [UInt8], _ layout: some QuantizedLayout, rows: Range<Int>) -> [Float] {
    var out = [Float](repeating: .nan, count: rows.count * layout.columns)
    dequantize(buffer, &out) { layout.dequantize($0, rows: rows, into: $1) }
    return out
  }

  private static func bfloat16(
    _ buffer: [UInt8], _ layout: some QuantizedLayout, rows: Range<Int>
  ) -> [UInt16] {
    var out = [UInt16](repeating: .max, count: rows.count * layout.columns)
    dequantize(buffer, &out) { layout.dequantize($0, rows: rows, into: $1) }
    return out
  }

  private static func dequantize<Element>(
    _ buffer: [UInt8], _ out: inout [Element],
    _ body: (UnsafeRawPointer, UnsafeMutablePointer<Element>) -> Void
  ) {
    buffer.withUnsafeBytes { bytes in
      out.withUnsafeMutableBufferPointer { out in
        guard let base = bytes.baseAddress, let out = out.baseAddress else { return }
        body(base, out)
      }
    }
  }
}

private func hexadecimal(_ byte: UInt8) -> String {
  let digits = Array("0123456789abcdef")
  return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
}

/// The sum of place * bit pattern, modulo 2^64, as the fixture's script writes it.
private func checksum<Element>(_ values: [Element], _ bits: (Element) -> UInt32) -> String {
  var sum: UInt64 = 0
  for (place, value) in values.enumerated() { sum &+= UInt64(place + 1) &* UInt64(bits(value)) }
  return (0..<8).reversed().map { hexadecimal(UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0)))) }.joined()
}
