import Files
import OrderedCollections
import Processes
public import Tensors

/// A tensor to be written; its values are asked for when its turn comes, so that one at a time need exist.
public struct WritableTensor {
  public let name: String
  public let shape: [Int]
  public let values: () throws -> Tensor

  public init(name: String, shape: [Int], values: @escaping () throws -> Tensor) {
    self.name = name
    self.shape = shape
    self.values = values
  }

  func byteCount(as type: ElementType) -> Int { shape.reduce(type.width, *) }
}

/// Writes safetensors files as Transformers reads them.
public enum SafeTensorsWriter {
  /// Writes one file, atomically.
  public static func write(
    _ tensors: [WritableTensor], to path: String, as type: ElementType = .f32,
    metadata: [String: String] = ["format": "pt"]
  ) throws {
    let ordered = tensors.sorted { $0.name < $1.name }
    var fields: OrderedDictionary<String, JSON> = [:]
    var meta: OrderedDictionary<String, JSON> = [:]
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { meta[key] = .string(value) }
    fields["__metadata__"] = .object(meta)
    var position = 0
    for tensor in ordered {
      let end = position + tensor.byteCount(as: type)
      fields[tensor.name] = .object([
        "dtype": .string(type.headerName),
        "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
        "data_offsets": .array([.integer(Int64(position)), .integer(Int64(end))]),
      ])
      position = end
    }
    var header = Array(JSON.object(fields).text().utf8)
    // The data start at a multiple of 8, so that a mapping of it is aligned.
    header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    try AtomicFile.write(to: path) { file in
      try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try file.write($0) }
      try header.withUnsafeBytes { try file.write($0) }
      for tensor in ordered {
        let values = try tensor.values().converted(to: .f32)
        precondition(values.shape == tensor.shape, "the tensor written has the shape announced")
        try write(values, as: type, to: file)
      }
    }
  }

  private static func write(_ tensor: Tensor, as type: ElementType, to file: FileWriter) throws {
    let floats = UnsafeBufferPointer(start: tensor.pointer, count: tensor.count)
    let piece = 1 << 20
    for start in stride(from: 0, to: floats.count, by: piece) {
      try Interrupt.check()
      let part = UnsafeBufferPointer(rebasing: floats[start..<min(floats.count, start + piece)])
      switch type {
      case .f32: try file.write(UnsafeRawBufferPointer(part))
      case .f16:
        try part.map { HalfPrecision.float16($0).littleEndian }.withUnsafeBytes { try file.write($0) }
      case .bf16:
        try part.map { HalfPrecision.bfloat16($0).littleEndian }.withUnsafeBytes { try file.write($0) }
      }
    }
  }
}
