/// One field of a protobuf message, with its payload as it stood on the wire.
struct WireField: Equatable, Sendable {
  enum Payload: Equatable, Sendable {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes([UInt8])
    case fixed32(UInt32)
  }

  let number: Int
  var payload: Payload
}

/// What is wrong with bytes that should be a protobuf message, and where.
struct WireError: Error, Equatable {
  let offset: Int
  let reason: String
}

/// Reads the fields of one protobuf message (protobuf.dev, "Encoding"); groups are not known.
struct WireReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next field; nil at the end.
  mutating func next() throws -> WireField? {
    guard offset < bytes.count else { return nil }
    let start = offset
    let key = try varint()
    guard let number = Int(exactly: key >> 3), number > 0, number < 1 << 29 else {
      throw WireError(offset: start, reason: "bad field number")
    }
    switch key & 7 {
    case 0: return WireField(number: number, payload: .varint(try varint()))
    case 1: return WireField(number: number, payload: .fixed64(try fixed(UInt64.self)))
    case 2:
      let length = try varint()
      guard let count = Int(exactly: length), count <= bytes.count - offset else {
        throw WireError(offset: start, reason: "field \(number) is longer than the data")
      }
      defer { offset += count }
      return WireField(number: number, payload: .bytes(Array(bytes[offset..<offset + count])))
    case 5: return WireField(number: number, payload: .fixed32(try fixed(UInt32.self)))
    default: throw WireError(offset: start, reason: "field \(number) has the unknown wire type \(key & 7)")
    }
  }

  private mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard offset < bytes.count else {
        throw WireError(offset: offset, reason: "the data ends inside a number")
      }
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw WireError(offset: offset, reason: "a number has more than ten bytes")
  }

  private mutating func fixed<Word: FixedWidthInteger>(_ type: Word.Type) throws -> Word {
    let width = MemoryLayout<Word>.size
    guard bytes.count - offset >= width else {
      throw WireError(offset: offset, reason: "the data ends inside a number")
    }
    defer { offset += width }
    return Word(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Word.self))
  }
}

/// The fields of one message, all of them, in order.
struct WireMessage: Equatable, Sendable {
  var fields: [WireField] = []

  init(_ fields: [WireField] = []) { self.fields = fields }

  init(parsing bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { raw in
      var reader = WireReader(raw)
      while let field = try reader.next() { fields.append(field) }
    }
  }

  var serialized: [UInt8] {
    var writer = WireWriter()
    for field in fields { writer.write(field) }
    return writer.bytes
  }

  /// The last value of a field counts, as protobuf has it.
  subscript(number: Int) -> WireField.Payload? {
    get { fields.last { $0.number == number }?.payload }
    set {
      let place = fields.lastIndex { $0.number == number }
      switch (place, newValue) {
      case (let place?, let value?): fields[place].payload = value
      case (let place?, nil): fields.remove(at: place)
      case (nil, let value?):
        let next = fields.firstIndex { $0.number > number } ?? fields.endIndex
        fields.insert(WireField(number: number, payload: value), at: next)
      case (nil, nil): break
      }
    }
  }

  func integer(_ number: Int) -> Int? {
    guard case .varint(let value)? = self[number] else { return nil }
    // Negative int32 values stand on the wire as 64-bit two's complement.
    return Int(Int64(bitPattern: value))
  }

  func bool(_ number: Int) -> Bool? { integer(number).map { $0 != 0 } }

  func bytes(_ number: Int) -> [UInt8]? {
    guard case .bytes(let value)? = self[number] else { return nil }
    return value
  }

  func string(_ number: Int) -> String? { bytes(number).map { String(decoding: $0, as: UTF8.self) } }
}

/// Builds the bytes of a protobuf message.
struct WireWriter {
  var bytes: [UInt8] = []

  mutating func write(_ field: WireField) {
    switch field.payload {
    case .varint(let value):
      key(field.number, 0)
      varint(value)
    case .fixed64(let value):
      key(field.number, 1)
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    case .bytes(let value):
      key(field.number, 2)
      varint(UInt64(value.count))
      bytes.append(contentsOf: value)
    case .fixed32(let value):
      key(field.number, 5)
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
  }

  private mutating func key(_ number: Int, _ wireType: UInt64) { varint(UInt64(number) << 3 | wireType) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
