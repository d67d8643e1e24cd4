import Files
import Glibc
import TestSupport
import Testing

@Suite struct FileErrorTests {
  @Test func theDescriptionNamesWhatIsKnown() {
    #expect(FileError(path: "a", reason: "is bad").description == "a: is bad")
    #expect(FileError(path: "a", line: 7, reason: "is bad").description == "a:7: is bad")
    let full = FileError(path: "a.jsonl", line: 7, field: "output", reason: "string expected, got number")
    #expect(full.description == "a.jsonl:7: field 'output': string expected, got number")
  }
}

@Suite struct MappedFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func theBytesAreTheFiles() throws {
    let path = try folder.write("a", "hello")
    #expect(try MappedFile(path).contents == Array("hello".utf8))
  }

  @Test func whatCannotBeMappedIsNamed() throws {
    let empty = try folder.write("empty", "")
    #expect(
      message { _ = try MappedFile(folder.file("none")) } == "\(folder.file("none")): no such file or folder")
    #expect(message { _ = try MappedFile(folder.path) } == "\(folder.path): is a folder, a file is needed")
    #expect(message { _ = try MappedFile(empty) } == "\(empty): is empty")
  }
}

@Suite struct AtomicFileTests {
  struct Stop: Error {}
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func theNewTextReplacesTheOldAndKeepsItsMode() throws {
    let path = try folder.write("a", "old")
    chmod(path, 0o600)
    try AtomicFile.write("new", to: path)
    #expect(try FileSystem.read(path) == Array("new".utf8))
    var status = stat()
    stat(path, &status)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try FileSystem.list(folder.path) == ["a"])
  }

  @Test func aWriterThatThrowsLeavesTheOldFileAndNothingElse() throws {
    let path = try folder.write("a", "old")
    #expect(throws: Stop.self) {
      try AtomicFile.write(to: path) { writer in
        try writer.write(String(repeating: "x", count: 1 << 20))
        throw Stop()
      }
    }
    #expect(try FileSystem.read(path) == Array("old".utf8))
    #expect(try FileSystem.list(folder.path) == ["a"])
  }

  @Test func theNextWriteRemovesWhatAKilledProcessLeft() throws {
    // No process has the first id, which is above the greatest that Linux gives; the second lives.
    for name in [".a.1073741824-1.tmp", ".a.1-1.tmp", ".a.b.1073741824-1.tmp", ".a.notes"] {
      _ = try folder.write(name, "half")
    }
    try AtomicFile.write("new", to: folder.file("a"))
    #expect(
      try FileSystem.list(folder.path).sorted() == [".a.1-1.tmp", ".a.b.1073741824-1.tmp", ".a.notes", "a"])
  }

  @Test func aFullDiskLeavesTheOldFile() throws {
    let path = try folder.write("a", "old")
    let full = try mountSmallDisk()
    defer { if let full { umount(full) } }
    guard let full else {
      #expect(
        message { try AtomicFile.write("x", to: "/dev/full") } == "/dev/full: no space left on the disk")
      return
    }
    try AtomicFile.write("old", to: full + "/a")
    let large = [UInt8](repeating: 1, count: 1 << 20)
    #expect(
      message { try AtomicFile.write(large, to: full + "/a") } == "\(full)/a: no space left on the disk")
    #expect(try FileSystem.read(full + "/a") == Array("old".utf8))
    #expect(try FileSystem.list(full) == ["a"])
    #expect(try FileSystem.read(path) == Array("old".utf8))
  }

  /// A disk of 64 KB, where this user may mount one.
  private func mountSmallDisk() throws -> String? {
    let path = folder.file("disk")
    try FileSystem.makeFolders(path)
    return mount("tmpfs", path, "tmpfs", 0, "size=65536") == 0 ? path : nil
  }

  @Test func aLinkIsFollowed() throws {
    let path = try folder.write("real", "old")
    symlink("real", folder.file("link"))
    try AtomicFile.write("new", to: folder.file("link"))
    #expect(try FileSystem.read(path) == Array("new".utf8))
    #expect(FileSystem.isLink(folder.file("link")))
  }

  @Test func aMissingFolderAndAFolderAreNamed() {
    let missing = folder.file("none/a")
    #expect(message { try AtomicFile.write("x", to: missing) } == "\(missing): no such file or folder")
    #expect(
      message { try AtomicFile.write("x", to: folder.path) }
        == "\(folder.path): is a folder, a file is needed")
    #expect(message { try AtomicFile.write("x", to: "/dev/full") } == "/dev/full: no space left on the disk")
  }
}

@Suite struct AppendFileTests {
  @Test func linesAddUpAndAnUnfinishedOneIsCut() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("log", "{\"step\": 1}\n{\"st")
    let file = try AppendFile(path)
    try file.append("{\"step\": 2}", synchronize: true)
    #expect(try FileSystem.read(path) == Array("{\"step\": 1}\n{\"step\": 2}\n".utf8))
    #expect(file.size == 24)
    try file.truncate(to: 12)
    try AppendFile(path).append("x")
    #expect(try FileSystem.read(path) == Array("{\"step\": 1}\nx\n".utf8))
  }

  @Test func aFileWithoutAnyLineEndIsCutToNothing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("log", String(repeating: "x", count: 10_000))
    _ = try AppendFile(path)
    #expect(try FileSystem.size(path) == 0)
  }
}

@Suite struct SHA256Tests {
  /// FIPS 180-4 examples.
  @Test func digestsAreThoseOfTheStandard() throws {
    #expect(SHA256.hex(of: "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hex(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    var digest = SHA256()
    digest.update("a")
    digest.update([0x62, 0x63])
    #expect(SHA256.hexDigits(digest.finish()) == SHA256.hex(of: "abc"))
    let folder = try TemporaryFolder()
    #expect(try SHA256.hex(ofFile: folder.write("a", "abc")) == SHA256.hex(of: "abc"))
    #expect(try SHA256.hex(ofFile: folder.write("b", "")) == SHA256.hex(of: ""))
  }
}

@Suite struct UTF8TextTests {
  @Test(
    arguments: [
      ("plain 你好 😀".utf8.map { $0 }, nil), ([0xC0, 0x80], 0), ([0x61, 0xED, 0xA0, 0x80], 1),
      ([0xF4, 0x90, 0x80, 0x80], 0),
      (Array("12345678".utf8) + [0xE4, 0xBD], 8), ([0xE4, 0xBD, 0xA0, 0x80], 3),
      ([0xF0, 0x9F, 0x98, 0x41], 0), ([], nil),
    ] as [([UInt8], Int?)])
  func theFirstBadByteIsFound(_ bytes: [UInt8], _ expected: Int?) {
    #expect(UTF8Text.firstInvalidByte(in: bytes) == expected)
  }

  @Test func randomBytesAgreeWithTheStandardLibrary() {
    var generator = SystemRandomNumberGenerator()
    let alphabet: [UInt8] = [0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED, 0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0xFF]
    for _ in 0..<3000 {
      let bytes = (0..<6).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      #expect(
        (UTF8Text.firstInvalidByte(in: bytes) == nil) == (String(validating: bytes, as: UTF8.self) != nil))
    }
  }
}
