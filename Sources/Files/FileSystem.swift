import Glibc

/// Folders, files and their names.
public enum FileSystem {
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  public static func isDirectory(_ path: String) -> Bool {
    (try? status(path)).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  public static func isRegularFile(_ path: String) -> Bool {
    (try? status(path)).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
  }

  /// Whether the last part of the path is a symbolic link.
  public static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Bytes in the file.
  public static func size(_ path: String) throws -> UInt64 { UInt64(try status(path).st_size) }

  /// Nanoseconds since 1970 of the last change.
  public static func modificationTime(_ path: String) throws -> Int64 {
    let time = try status(path).st_mtim
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Bytes that this user may still write to the disk that holds `path`, which need not exist yet.
  public static func availableBytes(at path: String) throws -> UInt64 {
    var place = absolute(path)
    while !exists(place) && place != "/" { place = folder(of: place) }
    var disk = statvfs()
    guard statvfs(place, &disk) == 0 else { throw FileError(path: path, code: errno) }
    return UInt64(disk.f_bavail) * UInt64(disk.f_frsize)
  }

  /// Makes the folder and those above it; one that is there already is fine.
  public static func makeFolders(_ path: String) throws {
    if isDirectory(path) || path.isEmpty { return }
    let parent = folder(of: path)
    if parent != path { try makeFolders(parent) }
    if mkdir(path, 0o777) != 0 && !(errno == EEXIST && isDirectory(path)) {
      throw FileError(
        path: path, reason: errno == EEXIST ? "a file has the name of this folder" : words(errno))
    }
  }

  /// Removes a file, or a folder with all that is in it; links are removed, not followed.
  public static func remove(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw FileError(path: path, code: errno) }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in try list(path) { try remove(join(path, name)) }
      guard rmdir(path) == 0 else { throw FileError(path: path, code: errno) }
    } else {
      guard unlink(path) == 0 else { throw FileError(path: path, code: errno) }
    }
  }

  /// Renames within one disk, replacing a file that has the new name.
  public static func move(_ path: String, to target: String) throws {
    guard rename(path, target) == 0 else {
      throw FileError(path: path, reason: "cannot be renamed to \(target): \(words(errno))")
    }
  }

  /// The names in a folder, sorted, without `.` and `..`.
  public static func list(_ path: String) throws -> [String] {
    guard let folder = opendir(path) else { throw FileError(path: path, code: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// A regular file's bytes; unlike `MappedFile` it may be empty.
  public static func read(_ path: String) throws -> [UInt8] {
    if try size(path) == 0 && isRegularFile(path) { return [] }
    let file = try MappedFile(path)
    return withExtendedLifetime(file) { [UInt8](file.bytes) }
  }

  /// Brings a folder's entries to the disk, so that a rename in it survives a power cut.
  public static func synchronize(_ folder: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: folder, code: errno) }
    defer { _ = close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(path: folder, code: errno) }
  }

  static func status(_ path: String) throws -> stat {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(path: path, code: errno) }
    return status
  }

  private static func words(_ code: Int32) -> String { FileError(path: "", code: code).reason }
}

extension FileSystem {
  /// The last part of a path.
  public static func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The file name without its last extension.
  public static func stem(_ path: String) -> String {
    let name = fileName(path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// The last extension of a path in lower case, without its dot; empty when there is none.
  public static func fileExtension(_ path: String) -> String {
    let name = fileName(path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  /// The folder that holds `path`; "." for a bare name.
  public static func folder(of path: String) -> String {
    var trimmed = Substring(path)
    while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// `name` inside `folder`; an absolute name stays as it is.
  public static func join(_ folder: String, _ name: String) -> String {
    if name.hasPrefix("/") || folder.isEmpty { return name }
    return folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// The path from the root; links are kept.
  public static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    return join(String(cString: here), path)
  }

  /// The path that links lead to; a path that does not exist stays as it is.
  public static func resolvingLinks(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }
}
