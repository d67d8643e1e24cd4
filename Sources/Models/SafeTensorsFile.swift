import Files
public import Tensors

/// A memory-mapped safetensors file: its header is checked when it is opened, its tensors are read when asked
/// for.
public final class SafeTensorsFile {
  public let path: String
  public let metadata: [String: String]
  /// In the order of the header.
  public let entries: [SafeTensorsEntry]
  private let mapping: WeightMapping
  private let positions: [String: Int]

  /// Throws `FileError` naming the file, and the tensor where it concerns one, for a file that is cut short
  /// or whose header lies about types, shapes or offsets.
  public init(path: String) throws {
    let file = try MappedFile(path)
    let header = try withExtendedLifetime(file) { try SafeTensorsHeader(of: file.bytes, path: path) }
    mapping = try WeightMapping(path)
    if let last = header.entries.map(\.range.upperBound).max(), last > mapping.bytes.count {
      throw FileError(path: path, reason: "the file became shorter while it was opened")
    }
    self.path = path
    metadata = header.metadata
    entries = header.entries
    positions = .init(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
  }

  public subscript(name: String) -> SafeTensorsEntry? { positions[name].map { entries[$0] } }

  /// The tensor as f32: borrowed from the mapping where the file holds f32, converted where it holds halves.
  ///
  /// With `keepsBFloat16` numbers that the file holds as bf16 stay so, and are borrowed too. A borrowed tensor may be written to: the pages written become private, the file stays as it is.
  public func tensor(_ entry: SafeTensorsEntry, keepsBFloat16: Bool = false) throws -> Tensor {
    guard let type = ElementType(headerName: entry.type) else {
      throw FileError(
        path: path, field: entry.name, reason: "dtype \(entry.type) is not read: F32, F16 and BF16 are")
    }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: mapping.bytes[entry.range])
    if let kept = type.kept(asBFloat16: keepsBFloat16), let base = bytes.baseAddress,
      Int(bitPattern: base) % type.width == 0
    {
      return Tensor(borrowing: base, shape: entry.shape, type: kept, owner: mapping)
    }
    let tensor = try Tensor.allocate(entry.shape, purpose: .weights, op: "load", argument: entry.name)
    try Self.convert(UnsafeRawBufferPointer(bytes), type, to: tensor)
    return tensor
  }

  private static func convert(_ bytes: UnsafeRawBufferPointer, _ type: ElementType, to tensor: Tensor) throws
  {
    guard let base = bytes.baseAddress, tensor.count > 0 else { return }
    nonisolated(unsafe) let source = base
    nonisolated(unsafe) let target = tensor.pointer
    let count = tensor.count
    let piece = 1 << 18
    try Parallel.pieces((count + piece - 1) / piece) { index in
      let range = index * piece..<min(count, (index + 1) * piece)
      switch type {
      case .f32:
        for i in range { target[i] = source.loadUnaligned(fromByteOffset: 4 * i, as: Float.self) }
      case .f16:
        for i in range {
          target[i] = HalfPrecision.float(
            float16: source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
        }
      case .bf16:
        for i in range {
          target[i] = HalfPrecision.float(
            bfloat16: source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
        }
      }
    }
  }
}

extension ElementType {
  /// The tensor type that needs no conversion; nil for the others.
  fileprivate func kept(asBFloat16 keepsBFloat16: Bool) -> DataType? {
    switch self {
    case .f32: .f32
    case .bf16: keepsBFloat16 ? .bf16 : nil
    case .f16: nil
    }
  }
}
