import Files
import Processes

/// The records of files in an order that is drawn from (seed, pass).
///
/// Holds 12 bytes a record: the place in its file and the line number; a pass adds 4 for its permutation.
final class ShuffledOrder {
  let seed: UInt64
  private let files: [String]
  private let format: RecordFormat
  private let expected: String
  private var found: RecordIndex?

  init(files: [String], format: RecordFormat, expected: String, seed: UInt64) {
    self.files = files
    self.format = format
    self.expected = expected
    self.seed = seed
  }

  /// The places of all records, found by reading the files once.
  func index() throws -> RecordIndex {
    if let found { return found }
    var index = RecordIndex()
    for (i, path) in files.enumerated() {
      let records = try RecordFile(path, format)
      var place = RecordPlace()
      while let record = try records.record(after: place, expected: expected) {
        try Interrupt.check()
        try index.append(file: i, place, path: path)
        place = record.next
      }
    }
    found = index
    return index
  }

  func permutation(epoch: Int) throws -> [UInt32] {
    var numbers = KeyedNumbers(seed: seed, purpose: "shuffle", index: UInt64(epoch))
    var order = (0..<UInt32(try index().count)).map { $0 }
    numbers.shuffle(&order)
    return order
  }
}

struct RecordIndex {
  private var places: [UInt64] = []
  private var lines: [UInt32] = []

  var count: Int { places.count }

  subscript(_ i: Int) -> (file: Int, place: RecordPlace) {
    (Int(places[i] >> 44), RecordPlace(offset: Int(places[i] & (1 << 44 - 1)), line: Int(lines[i])))
  }

  /// 20 bits name the file and 44 the byte: a million files of 16 TB.
  mutating func append(file: Int, _ place: RecordPlace, path: String) throws {
    guard file < 1 << 20, place.offset < 1 << 44, place.line <= UInt32.max, count < UInt32.max else {
      throw FileError(path: path, reason: "too many files or rows to shuffle")
    }
    places.append(UInt64(file) << 44 | UInt64(place.offset))
    lines.append(UInt32(place.line))
  }
}

/// Numbers that depend on (seed, purpose, index) alone: SplitMix64 (Steele, Lea and Flood 2014) from a hashed
/// key.
struct KeyedNumbers {
  private var state: UInt64

  init(seed: UInt64, purpose: String, index: UInt64) {
    state = KeyedHash.value("\(seed)/\(purpose)/\(index)")
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Fisher and Yates's shuffle, from the end.
  ///
  /// Swift's own may change with its version, and with it the order of data
  /// that a saved run continues in.
  mutating func shuffle(_ items: inout [UInt32]) {
    for last in items.indices.dropFirst().reversed() {
      items.swapAt(last, Int(next().multipliedFullWidth(by: UInt64(last + 1)).high))
    }
  }
}

enum KeyedHash {
  /// The first eight bytes of the SHA-256 of `text`, as a number.
  static func value(_ text: String) -> UInt64 {
    var digest = SHA256()
    digest.update(text)
    return digest.finish().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
