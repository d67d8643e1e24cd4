import Files
import OrderedCollections

/// One tensor of a safetensors file: what it is and where its bytes lie.
public struct SafeTensorsEntry: Equatable, Sendable {
  public let name: String
  /// As the header spells it: `F32`, `BF16`, `I64`.
  public let type: String
  public let shape: [Int]
  /// Byte positions from the start of the file.
  public let range: Range<Int>

  public var count: Int { shape.reduce(1, *) }
}

/// The header of a safetensors file, believed only after every one of its statements was checked.
struct SafeTensorsHeader {
  let entries: [SafeTensorsEntry]
  let metadata: [String: String]

  /// Headers above this are refused by every reader of the format.
  static let longestHeader = 100_000_000

  private static let widths = [
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I32": 4, "I16": 2,
    "I8": 1,
    "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
  ]

  init(of bytes: UnsafeRawBufferPointer, path: String) throws {
    func fault(_ reason: String, _ tensor: String? = nil) -> FileError {
      FileError(path: path, field: tensor, reason: reason)
    }
    guard bytes.count >= 8 else {
      throw fault(
        "\(bytes.count) bytes are too few for a safetensors file: it is cut short or something else")
    }
    let stated = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard stated <= UInt64(Self.longestHeader) else {
      throw fault(
        "a header of \(stated) bytes is stated, at most \(Self.longestHeader) expected: not a safetensors file"
      )
    }
    let length = Int(stated)
    guard length <= bytes.count - 8 else {
      throw fault(
        "a header of \(length) bytes is stated, but \(bytes.count - 8) bytes follow: the file is cut short")
    }
    let document: JSON
    do {
      document = try JSON.parse(UnsafeRawBufferPointer(rebasing: bytes[8..<8 + length]))
    } catch let error as JSONError {
      throw fault("the header is not valid JSON: \(error.reason) at byte \(error.offset)")
    }
    guard let object = document.objectValue else {
      throw fault("the header is not a JSON object, but \(document.typeName)")
    }

    let dataStart = 8 + length
    let dataCount = bytes.count - dataStart
    var entries: [SafeTensorsEntry] = []
    var metadata: [String: String] = [:]
    for (name, value) in object {
      if name == "__metadata__" {
        for (key, text) in value.objectValue ?? [:] { metadata[key] = text.stringValue }
        continue
      }
      guard let type = value["dtype"]?.stringValue else { throw fault("dtype is missing or no string", name) }
      guard let width = Self.widths[type] else { throw fault("unknown dtype '\(type)'", name) }
      guard let sizes = value["shape"]?.arrayValue else { throw fault("shape is missing or no array", name) }
      var shape: [Int] = []
      var size = width
      for item in sizes {
        guard let extent = item.intValue, extent >= 0 else {
          throw fault("shape holds \(item.text()), sizes expected", name)
        }
        let (product, overflow) = size.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw fault("shape \(JSON.array(sizes).text()) is too large", name) }
        size = product
        shape.append(extent)
      }
      guard let offsets = value["data_offsets"]?.arrayValue, offsets.count == 2,
        let start = offsets[0].intValue, let end = offsets[1].intValue, start >= 0, start <= end
      else { throw fault("data_offsets must be two rising numbers", name) }
      guard end - start == size else {
        throw fault(
          "\(type) of shape \(shape) takes \(size) bytes, but data_offsets give \(end - start)", name)
      }
      guard end <= dataCount else {
        throw fault(
          "bytes \(start) to \(end) are stated, but the file holds \(dataCount): it is cut short", name)
      }
      entries.append(.init(name: name, type: type, shape: shape, range: dataStart + start..<dataStart + end))
    }

    var position = dataStart
    for entry in entries.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard entry.range.lowerBound == position else {
        let what =
          entry.range.lowerBound < position ? "overlaps the tensor before it" : "leaves a hole before it"
        throw fault(
          "its data \(what): it starts at byte \(entry.range.lowerBound - dataStart), \(position - dataStart) expected",
          entry.name)
      }
      position = entry.range.upperBound
    }
    guard position == bytes.count else {
      throw fault("\(bytes.count - position) bytes after the last tensor belong to none")
    }
    self.entries = entries
    self.metadata = metadata
  }
}
