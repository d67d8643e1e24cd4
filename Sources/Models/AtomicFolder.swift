import Files
import Glibc

/// Puts a folder of files in place as a whole: a crash or a full disk leaves what was there before.
enum AtomicFolder {
  /// Lets `body` fill a new folder beside `path`, then exchanges the two and removes what the new files
  /// replace.
  ///
  /// Files in the old folder that `isReplaced` does not claim are taken over into the new one.
  /// - Parameter bytes: how much will be written; checked against the free space first.
  static func write(
    to path: String, bytes: Int, isReplaced: (String) -> Bool, _ body: (_ temporary: String) throws -> Void
  ) throws {
    let target = FileSystem.resolvingLinks(FileSystem.absolute(path))
    if FileSystem.exists(target), !FileSystem.isDirectory(target) {
      throw FileError(path: path, reason: "is a file, a folder is needed")
    }
    let parent = FileSystem.folder(of: target)
    try FileSystem.makeFolders(parent)
    try clearLeftovers(of: target, isReplaced)
    let exists = FileSystem.exists(target)
    let free = try FileSystem.availableBytes(at: parent)
    guard UInt64(bytes) <= free else {
      throw FileError(
        path: path, reason: "\(megabytes(UInt64(bytes))) are needed, the disk has \(megabytes(free)) left")
    }
    let name = Leftovers.name(for: FileSystem.fileName(target), saving)
    let temporary = FileSystem.join(parent, name)
    if FileSystem.exists(temporary) { try FileSystem.remove(temporary) }
    do {
      try FileSystem.makeFolders(temporary)
      try body(temporary)
      try FileSystem.synchronize(temporary)
      guard exists else {
        try FileSystem.move(temporary, to: target)
        return try FileSystem.synchronize(parent)
      }
      try exchange(temporary, target, path)
    } catch {
      try? FileSystem.remove(temporary)
      throw error
    }
    try FileSystem.synchronize(parent)
    // From here on `temporary` is the old folder: what the save did not replace moves over, the rest goes.
    try takeOver(temporary, into: target, isReplaced)
  }

  private static let saving = ".saving"
  private static let aside = ".old"

  /// Ends what killed saves began: an old folder that stood aside comes back, other files of it move over, the rest
  /// goes.
  private static func clearLeftovers(of target: String, _ isReplaced: (String) -> Bool) throws {
    let parent = FileSystem.folder(of: target)
    for (path, suffix) in Leftovers.find(of: FileSystem.fileName(target), in: parent).reversed() {
      if suffix == saving + aside, !FileSystem.exists(target) {
        try FileSystem.move(path, to: target)
      } else if suffix == saving || suffix == saving + aside {
        try FileSystem.exists(target) ? takeOver(path, into: target, isReplaced) : FileSystem.remove(path)
      }
    }
  }

  private static func takeOver(_ old: String, into target: String, _ isReplaced: (String) -> Bool) throws {
    for name in try FileSystem.list(old) where !isReplaced(name) && !name.hasSuffix(".tmp") {
      let place = FileSystem.join(target, name)
      if !FileSystem.exists(place) { try FileSystem.move(FileSystem.join(old, name), to: place) }
    }
    try FileSystem.remove(old)
  }

  /// Exchanges two folders in one step where the file system can; else the old one stands aside for a moment.
  private static func exchange(_ new: String, _ old: String, _ path: String) throws {
    typealias Rename =
      @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    // glibc has renameat2, its Swift overlay does not.
    if let symbol = dlsym(nil, "renameat2") {
      let renameBoth = unsafeBitCast(symbol, to: Rename.self)
      let swapFlag: UInt32 = 2
      if renameBoth(AT_FDCWD, new, AT_FDCWD, old, swapFlag) == 0 { return }
      guard [EINVAL, ENOSYS, ENOTSUP].contains(errno) else { throw FileError(path: path, code: errno) }
    }
    try exchangeInSteps(new, old)
  }

  /// When the new folder cannot take its place, the old one comes back.
  static func exchangeInSteps(_ new: String, _ old: String) throws {
    let aside = new + Self.aside
    try FileSystem.move(old, to: aside)
    do { try FileSystem.move(new, to: old) } catch {
      try? FileSystem.move(aside, to: old)
      throw error
    }
    try FileSystem.move(aside, to: new)
  }

  private static func megabytes(_ bytes: UInt64) -> String { "\((bytes + 999_999) / 1_000_000) MB" }
}
