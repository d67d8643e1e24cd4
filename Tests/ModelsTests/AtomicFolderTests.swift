import Files
import Testing

@testable import Models

@Suite struct AtomicFolderTests {
  private struct Stop: Error {}

  @Test func aDiskWithTooLittleRoomIsNoticedBeforeWriting() throws {
    let folder = try TemporaryFolder()
    let message = text {
      try AtomicFolder.write(to: folder("m"), bytes: 1 << 60, isReplaced: { _ in true }) { _ in }
    }
    #expect(message.hasPrefix("\(folder("m")): 1152921504607 MB are needed, the disk has "), "\(message)")
    #expect(try FileSystem.list(folder.path) == [])
  }

  @Test func aFailureLeavesWhatWasThere() throws {
    let folder = try TemporaryFolder()
    try FileSystem.makeFolders(folder("m"))
    try AtomicFile.write("old", to: folder("m/a"))
    #expect(throws: Stop.self) {
      try AtomicFolder.write(to: folder("m"), bytes: 10, isReplaced: { _ in true }) { temporary in
        try AtomicFile.write("new", to: FileSystem.join(temporary, "a"))
        throw Stop()
      }
    }
    #expect(try FileSystem.list(folder.path) == ["m"])
    #expect(try FileSystem.read(folder("m/a")) == Array("old".utf8))
  }
}
