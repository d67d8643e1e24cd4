import Files
import TestSupport
import Testing

@Suite struct LineReaderTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func lines(_ path: String) throws -> [Line] {
    var reader = try LineReader(path)
    var lines: [Line] = []
    while let line = try reader.next() { lines.append(line) }
    return lines
  }

  private func texts(_ bytes: [UInt8]) throws -> [String] {
    try lines(folder.write("a", bytes)).map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test func endsOfLinesOfBothKindsAndNone() throws {
    #expect(try texts(Array("a\r\n\nb\r\nc".utf8)) == ["a", "", "b", "c"])
    #expect(try texts(Array("a\n".utf8)) == ["a"])
    #expect(try texts([]) == [])
    #expect(try texts(Array("\r\n\r".utf8)) == ["", "\r"])
    #expect(try texts([0xEF, 0xBB, 0xBF] + Array("a\nb".utf8)) == ["a", "b"])
  }

  @Test func offsetsLeadBackToEachLine() throws {
    let path = try folder.write("a", [0xEF, 0xBB, 0xBF] + Array("你\r\n\nlast".utf8))
    let all = try lines(path)
    #expect(all.map(\.offset) == [3, 8, 9])
    #expect(all.map(\.next) == [8, 9, 13])
    #expect(all.map(\.number) == [1, 2, 3])
    for line in all {
      var reader = try LineReader(path, from: line.offset, number: line.number)
      #expect(try reader.next() == line)
    }
  }

  @Test func longLinesComeWhole() throws {
    let long = String(repeating: "长", count: 1 << 20)
    let path = try folder.write("a", "x\n\(long)\r\ny\n\(long)")
    let all = try lines(path)
    #expect(all.map(\.bytes.count) == [1, 3 << 20, 1, 3 << 20])
    #expect(all[1].bytes == Array(long.utf8))
  }

  @Test func otherThanUTF8TextIsRefusedInPlainWords() throws {
    let utf16 = "is UTF-16 text, UTF-8 is needed (iconv -f UTF-16 -t UTF-8 converts it)"
    let cases: [([UInt8], String)] = [
      ([0xFF, 0xFE, 0x61, 0], utf16), ([0xFE, 0xFF, 0, 0x61], utf16), ([0x61, 0, 0x62, 0], utf16),
      ([0x1F, 0x8B, 8, 0], "is compressed with gzip, unpack it first"),
    ]
    for (bytes, reason) in cases {
      let path = try folder.write("a", bytes)
      #expect(message { _ = try LineReader(path) } == "\(path): \(reason)")
    }
    #expect(message { _ = try LineReader(folder.path) } == "\(folder.path): is a folder, a file is needed")
    let none = folder.file("none")
    #expect(message { _ = try LineReader(none) } == "\(none): no such file or folder")
  }
}

@Suite struct GlobTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["b.txt", "a.txt", "c.json", "d[1].txt", ".hidden.txt", "s/e.txt", "s/t/f.txt", "z/一.txt"] {
      try folder.write(name, "x")
    }
  }

  private func found(_ patterns: String...) throws -> [String] {
    try Glob.expand(patterns.map { folder.file($0) }).map { String($0.dropFirst(folder.path.utf8.count + 1)) }
  }

  @Test func patternsFindSortedFiles() throws {
    #expect(try found("*.txt") == ["a.txt", "b.txt", "d[1].txt"])
    #expect(try found("?.txt") == ["a.txt", "b.txt"])
    #expect(try found("[b-c].*") == ["b.txt", "c.json"])
    #expect(try found("[!a].txt") == ["b.txt"])
    #expect(try found("*/*.txt") == ["s/e.txt", "z/一.txt"])
    #expect(try found("z/?.txt") == ["z/一.txt"])
    #expect(try found("**/*.txt") == ["a.txt", "b.txt", "d[1].txt", "s/e.txt", "s/t/f.txt", "z/一.txt"])
    #expect(try found("s/**") == ["s/e.txt", "s/t/f.txt"])
    #expect(try found(".*.txt") == [".hidden.txt"])
    #expect(try found("*") == ["a.txt", "b.txt", "c.json", "d[1].txt"])
  }

  @Test func eachFileComesOnceInTheOrderOfThePatterns() throws {
    #expect(try found("c.json", "*.txt", "a.txt") == ["c.json", "a.txt", "b.txt", "d[1].txt"])
  }

  @Test func anExistingNameIsNoPattern() throws {
    #expect(try found("d[1].txt") == ["d[1].txt"])
  }

  @Test func whatIsNotThereIsNamed() {
    let pattern = folder.file("*.csv")
    #expect(message { _ = try Glob.expand(pattern) } == "\(pattern): no file matches this pattern")
    let file = folder.file("none.txt")
    #expect(message { _ = try Glob.expand(file) } == "\(file): no such file or folder")
    #expect(
      message { _ = try Glob.expand(folder.path) }
        == "\(folder.path): is a folder, a file or a pattern such as \(folder.path)/*.txt is needed")
    #expect(message { _ = try Glob.expand("") } == "'': a file name must not be empty")
  }

  @Test func starsDoNotTakeForEver() {
    let name = String(repeating: "a", count: 200)
    #expect(!Glob.matches(name, String(repeating: "a*", count: 50) + "b"))
  }
}

@Suite struct FileSystemTests {
  @Test func namesComeApart() {
    #expect(FileSystem.folder(of: "a/b/c.txt") == "a/b")
    #expect(FileSystem.folder(of: "c.txt") == ".")
    #expect(FileSystem.folder(of: "/c") == "/")
    #expect(FileSystem.folder(of: "a/b/") == "a")
    #expect(FileSystem.fileName("a/b/") == "b")
    #expect(FileSystem.stem("a/b.tar.gz") == "b.tar")
    #expect(FileSystem.fileExtension("a/B.TXT") == "txt")
    #expect(FileSystem.fileExtension("a/.hidden") == "")
    #expect(FileSystem.join("a", "/b") == "/b")
  }

  @Test func foldersAreMadeAndRemoved() throws {
    let folder = try TemporaryFolder()
    try FileSystem.makeFolders(folder.file("a/b/c"))
    try folder.write("a/b/file", "x")
    #expect(FileSystem.isDirectory(folder.file("a/b/c")))
    #expect(
      message { try FileSystem.makeFolders(folder.file("a/b/file")) }
        == "\(folder.file("a/b/file")): a file has the name of this folder")
    try FileSystem.remove(folder.file("a"))
    #expect(!FileSystem.exists(folder.file("a")))
    #expect(try FileSystem.availableBytes(at: folder.file("not/yet/there")) > 0)
  }
}
