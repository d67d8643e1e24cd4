/// What the program tells the shell.
enum ExitStatus: Int32 {
  case done = 0
  /// The user's code or data failed.
  case failed = 1
  case wrongUsage = 2
  case interrupted = 130
}
