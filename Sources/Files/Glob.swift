import Processes

/// Finds files by patterns: `*` and `?` within a name, `[a-z]` and `[!a-z]`, `**` for any folders.
public enum Glob {
  /// The files that the patterns name, each once: in the order of the patterns, sorted within one.
  ///
  /// A pattern that is the name of an existing file means that file. Names that begin with a dot are found
  /// only by patterns that begin with one.
  /// - Throws: `FileError` naming a pattern without match, a missing file, or a folder given for a file.
  public static func expand(_ patterns: [String]) throws -> [String] {
    var files: [String] = []
    var seen: Set<[UInt8]> = []
    for pattern in patterns {
      for file in try expand(pattern) where seen.insert(Array(file.utf8)).inserted { files.append(file) }
    }
    return files
  }

  public static func expand(_ pattern: String) throws -> [String] {
    guard !pattern.isEmpty else { throw FileError(path: "''", reason: "a file name must not be empty") }
    if FileSystem.isDirectory(pattern) {
      let example = FileSystem.join(pattern, "*.txt")
      throw FileError(path: pattern, reason: "is a folder, a file or a pattern such as \(example) is needed")
    }
    if FileSystem.exists(pattern) { return [pattern] }
    guard isPattern(pattern) else { throw FileError(path: pattern, reason: "no such file or folder") }
    var found: [String] = []
    let parts = pattern.split(separator: "/").map { Array($0.utf8) }
    try search(pattern.hasPrefix("/") ? "/" : "", parts[...], into: &found)
    if found.isEmpty { throw FileError(path: pattern, reason: "no file matches this pattern") }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether `text` has a character with a meaning in patterns.
  public static func isPattern(_ text: String) -> Bool {
    text.utf8.contains { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains($0) }
  }

  /// Whether a name without slashes matches a pattern without slashes.
  public static func matches(_ name: String, _ pattern: String) -> Bool {
    matches(Array(name.unicodeScalars)[...], Array(pattern.unicodeScalars)[...])
  }

  private static func search(_ folder: String, _ parts: ArraySlice<[UInt8]>, into found: inout [String])
    throws
  {
    guard let part = parts.first else { return }
    try Interrupt.check()
    let rest = parts.dropFirst()
    let pattern = String(decoding: part, as: UTF8.self)
    if !isPattern(pattern) {
      let path = FileSystem.join(folder, pattern)
      if rest.isEmpty {
        if FileSystem.isRegularFile(path) { found.append(path) }
      } else if FileSystem.isDirectory(path) {
        try search(path, rest, into: &found)
      }
      return
    }
    let names = (try? FileSystem.list(folder.isEmpty ? "." : folder)) ?? []
    if pattern == "**" {
      // Any number of folders: none, or one more and again any number. `**` at the end means all files below.
      try search(folder, rest.isEmpty ? [Array("*".utf8)] : rest, into: &found)
      for name in names where !name.hasPrefix(".") {
        let path = FileSystem.join(folder, name)
        if FileSystem.isDirectory(path) && !FileSystem.isLink(path) { try search(path, parts, into: &found) }
      }
      return
    }
    for name in names where matches(name, pattern) {
      let path = FileSystem.join(folder, name)
      if rest.isEmpty {
        if FileSystem.isRegularFile(path) { found.append(path) }
      } else if FileSystem.isDirectory(path) {
        try search(path, rest, into: &found)
      }
    }
  }

  private static func matches(_ name: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>)
    -> Bool
  {
    if name.first == ".", pattern.first != "." { return false }
    return matchesRest(name, pattern)
  }

  private static func matchesRest(
    _ name: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>
  ) -> Bool {
    var name = name
    var pattern = pattern
    // Where to go on after the last star when what follows it does not match.
    var retry: (name: ArraySlice<Unicode.Scalar>, pattern: ArraySlice<Unicode.Scalar>)?
    while !name.isEmpty || !pattern.isEmpty {
      if pattern.first == "*" {
        pattern = pattern.dropFirst()
        retry = (name, pattern)
        continue
      }
      if let scalar = name.first, let after = afterOne(scalar, pattern) {
        name = name.dropFirst()
        pattern = after
        continue
      }
      guard let (lastName, lastPattern) = retry, !lastName.isEmpty else { return false }
      name = lastName.dropFirst()
      pattern = lastPattern
      retry = (name, pattern)
    }
    return true
  }

  /// The pattern after its first element, if that one matches `scalar`.
  private static func afterOne(
    _ scalar: Unicode.Scalar, _ pattern: ArraySlice<Unicode.Scalar>
  ) -> ArraySlice<Unicode.Scalar>? {
    guard let first = pattern.first else { return nil }
    let rest = pattern.dropFirst()
    if first == "?" { return rest }
    // A bracket that is never closed is an ordinary character, and so is a closing one in first place.
    guard first == "[", let close = rest.dropFirst(rest.first == "!" ? 2 : 1).firstIndex(of: "]") else {
      return first == scalar ? rest : nil
    }
    var set = rest[..<close]
    let negated = set.first == "!"
    if negated { set = set.dropFirst() }
    var contained = false
    while let low = set.first {
      set = set.dropFirst()
      if set.first == "-", let high = set.dropFirst().first {
        set = set.dropFirst(2)
        contained = contained || (low.value...max(low.value, high.value)).contains(scalar.value)
      } else {
        contained = contained || low == scalar
      }
    }
    return contained != negated ? pattern[pattern.index(after: close)...] : nil
  }
}
