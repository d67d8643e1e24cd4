import Files
import Glibc
import Models
import Tensors
import TestSupport
import Testing

@Suite struct SafeTensorsTests {
  /// A safetensors file of this header and this many bytes of data.
  private func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  private func message(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = folder("x.safetensors")
    try AtomicFile.write(bytes, to: path)
    let message = text { try SafeTensorsFile(path: path) }
    #expect(message.hasPrefix(path + ": "), "\(message)")
    return String(message.dropFirst(path.count + 2))
  }

  @Test(
    "files that are cut short or lie",
    arguments: [
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4,
        "field 'a': bytes 0 to 8 are stated, but the file holds 4: it is cut short"
      ),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
        "field 'a': F32 of shape [2] takes 8 bytes, but data_offsets give 4"
      ),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8,
        "field 'a': data_offsets must be two rising numbers"
      ),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8,
        "field 'a': data_offsets must be two rising numbers"
      ),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8,
        "field 'a': shape holds -2, sizes expected"
      ),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", 8,
        "field 'a': shape [4294967296, 4294967296] is too large"
      ),
      (
        "{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
        "field 'a': unknown dtype 'F33'"
      ),
      ("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "field 'a': dtype is missing or no string"),
      ("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "field 'a': shape is missing or no array"),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
        "field 'a': its data leaves a hole before it: it starts at byte 4, 0 expected"
      ),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
        6, "field 'b': its data overlaps the tensor before it: it starts at byte 2, 4 expected"
      ),
      (
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8,
        "4 bytes after the last tensor belong to none"
      ),
      ("[]", 0, "the header is not a JSON object, but array"),
    ])
  func lies(_ header: String, _ data: Int, _ expected: String) throws {
    #expect(try message(file(header, data: data)) == expected)
  }

  @Test func lengthsThatCannotBe() throws {
    #expect(
      try message([1, 2, 3])
        == "3 bytes are too few for a safetensors file: it is cut short or something else")
    #expect(
      try message(file("{}", data: 0, length: 9))
        == "a header of 9 bytes is stated, but 2 bytes follow: the file is cut short")
    #expect(
      try message(file("{}", data: 0, length: .max))
        == "a header of 18446744073709551615 bytes is stated, at most 100000000 expected: not a safetensors file"
    )
    #expect(try message(file("{\"a\"", data: 0)).hasPrefix("the header is not valid JSON: "))
  }

  @Test func missingAndWrongKindsOfFile() throws {
    let folder = try TemporaryFolder()
    #expect(text { try SafeTensorsFile(path: folder("no")) } == "\(folder("no")): no such file or folder")
    #expect(
      text { try SafeTensorsFile(path: folder.path) } == "\(folder.path): is a folder, a file is needed")
  }

  @Test func mutatedFilesNeverCrash() throws {
    let folder = try TemporaryFolder()
    let path = folder("x.safetensors")
    let tensors = ["a", "b", "c"].map { name in
      WritableTensor(name: name, shape: [3, 2]) { Tensor.sample([3, 2]) }
    }
    try SafeTensorsWriter.write(tensors, to: path)
    let good = try FileSystem.read(path)
    var stream = RandomStream(RandomKey(seed: 1, "fuzz"))
    var refused = 0
    for _ in 0..<2500 {
      var bytes = good
      for _ in 0..<Int(stream.next() % 4 + 1) {
        let place = Int(stream.next() % UInt64(bytes.count))
        switch stream.next() % 4 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: stream.next())
        case 1: bytes[place] ^= 1 << UInt8(stream.next() % 8)
        case 2: bytes.remove(at: place)
        default: bytes.removeLast(min(bytes.count - 1, Int(stream.next() % 40)))
        }
      }
      try bytes.withUnsafeBytes { raw in
        let descriptor = try #require(fopen(path, "w"))
        fwrite(raw.baseAddress, 1, raw.count, descriptor)
        fclose(descriptor)
      }
      do {
        let file = try SafeTensorsFile(path: path)
        for entry in file.entries { _ = try file.tensor(entry).values }
      } catch is FileError { refused += 1 }
    }
    #expect(refused > 500)
  }

  @Test func roundTripKeepsEveryBit() throws {
    let folder = try TemporaryFolder()
    let a = Tensor.sample([5, 3], seed: 4), b = Tensor.sample([7], seed: 5)
    try SafeTensorsWriter.write(
      [.init(name: "b", shape: b.shape) { b }, .init(name: "a", shape: a.shape) { a }], to: folder("x"))
    let file = try SafeTensorsFile(path: folder("x"))
    #expect(file.entries.map(\.name) == ["a", "b"])
    #expect(file.metadata == ["format": "pt"])
    #expect(try file.tensor(try #require(file["a"])).values == a.values)
    let loaded = try file.tensor(try #require(file["b"]))
    loaded.fill(9)
    #expect(try SafeTensorsFile(path: folder("x")).tensor(try #require(file["b"])).values == b.values)
  }

  @Test("halves are rounded to the nearest, ties to even", arguments: [ElementType.f16, .bf16])
  func halves(_ type: ElementType) throws {
    let folder = try TemporaryFolder()
    // Each input with what IEEE 754 rounding gives in f16 and bf16.
    let table: [(Float, Float, Float)] = [
      (0, 0, 0), (-0.0, -0.0, -0.0), (1, 1, 1), (-2.5, -2.5, -2.5), (1 + 0x1p-11, 1, 1),
      (1 + 0x1p-8, 1 + 0x1p-8, 1),
      (1 + 3 * 0x1p-11, 1 + 0x1p-9, 1), (1 + 3 * 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-6),
      (0x1p-24, 0x1p-24, 0x1p-24),
      (0x1p-25, 0, 0x1p-25), (0x1.8p-25, 0x1p-24, 0x1.8p-25), (0x1p-14, 0x1p-14, 0x1p-14),
      (65504, 65504, 65536), (65520, .infinity, 65536), (1e6, .infinity, 999424),
      (.infinity, .infinity, .infinity),
      (0x1.ffcp-15, 0x1p-14, 0x1p-14),
    ]
    let tensor = try Tensor(table.map(\.0), shape: [table.count])
    try SafeTensorsWriter.write([.init(name: "x", shape: tensor.shape) { tensor }], to: folder("x"), as: type)
    let file = try SafeTensorsFile(path: folder("x"))
    let values = try file.tensor(try #require(file["x"])).values
    #expect(values.map(\.bitPattern) == table.map { (type == .f16 ? $0.1 : $0.2).bitPattern })
    let nan = try Tensor([.nan], shape: [1])
    try SafeTensorsWriter.write([.init(name: "x", shape: [1]) { nan }], to: folder("y"), as: type)
    let other = try SafeTensorsFile(path: folder("y"))
    #expect(try other.tensor(try #require(other["x"])).values[0].isNaN)
  }

  @Test func othersTypesAreNamed() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write(
      file("{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", data: 8), to: folder("x"))
    let file = try SafeTensorsFile(path: folder("x"))
    #expect(
      text { try file.tensor(file.entries[0]) }
        == "\(folder("x")): field 'a': dtype I64 is not read: F32, F16 and BF16 are")
  }
}
