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

  private func write(_ target: String) throws {
    try AtomicFolder.write(to: target, bytes: 10, isReplaced: { $0 == "a" }) { temporary in
      try AtomicFile.write("new", to: FileSystem.join(temporary, "a"))
    }
  }

  /// No process has this id: it is above the greatest that Linux gives.
  private let dead = 1 << 30

  @Test func theNextSaveRemovesWhatAKilledOneLeftAndKeepsOtherFiles() throws {
    let folder = try TemporaryFolder()
    try FileSystem.makeFolders(folder("m"))
    let left = folder(".m.\(dead).saving")
    try FileSystem.makeFolders(left)
    try AtomicFile.write("old", to: left + "/a")
    try AtomicFile.write("kept", to: left + "/notes.txt")
    let alive = folder(".m.1.saving")
    try FileSystem.makeFolders(alive)
    try write(folder("m"))
    #expect(try FileSystem.list(folder.path).sorted() == [".m.1.saving", "m"])
    #expect(try FileSystem.list(folder("m")).sorted() == ["a", "notes.txt"])
    #expect(try FileSystem.read(folder("m/a")) == Array("new".utf8))
  }

  @Test func anOldFolderThatAKilledSaveSetAsideComesBack() throws {
    let folder = try TemporaryFolder()
    let aside = folder(".m.\(dead).saving.old")
    try FileSystem.makeFolders(aside)
    try AtomicFile.write("kept", to: aside + "/notes.txt")
    try FileSystem.makeFolders(folder(".m.\(dead).saving"))
    try write(folder("m"))
    #expect(try FileSystem.list(folder.path) == ["m"])
    #expect(try FileSystem.list(folder("m")).sorted() == ["a", "notes.txt"])
  }

  @Test func whereTheNewFolderCannotTakeItsPlaceTheOldOneComesBack() throws {
    let folder = try TemporaryFolder()
    try FileSystem.makeFolders(folder("m"))
    try AtomicFile.write("old", to: folder("m/a"))
    #expect(throws: FileError.self) { try AtomicFolder.exchangeInSteps(folder("none"), folder("m")) }
    #expect(try FileSystem.list(folder.path) == ["m"])
    #expect(try FileSystem.read(folder("m/a")) == Array("old".utf8))
    try FileSystem.makeFolders(folder("new"))
    try AtomicFolder.exchangeInSteps(folder("new"), folder("m"))
    #expect(try FileSystem.list(folder("m")) == [])
    #expect(try FileSystem.list(folder("new")) == ["a"])
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
