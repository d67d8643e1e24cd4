import Glibc

/// What the program's standard output is connected to.
enum Terminal {
  /// Whether text on standard output may hold colour codes.
  static var hasColours: Bool { isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil && term != "dumb" }

  private static var term: String { getenv("TERM").map { String(cString: $0) } ?? "" }
}
