import Glibc

/// What processes that were killed left beside a file or folder they were replacing.
public enum Leftovers {
  /// The name under which this process prepares `name`: hidden, and with the process's id.
  public static func name(for name: String, _ suffix: String) -> String { ".\(name).\(getpid())\(suffix)" }

  /// The paths of names like that of `name` whose process lives no more, and their suffixes.
  public static func find(of name: String, in folder: String) -> [(path: String, suffix: String)] {
    let prefix = ".\(name)."
    return ((try? FileSystem.list(folder)) ?? []).compactMap { entry in
      guard entry.hasPrefix(prefix) else { return nil }
      let rest = entry.dropFirst(prefix.count)
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let process = Int32(digits), process > 0, isDead(process) else { return nil }
      return (FileSystem.join(folder, entry), String(rest.dropFirst(digits.count)))
    }
  }

  private static func isDead(_ process: Int32) -> Bool { kill(process, 0) != 0 && errno == ESRCH }
}
