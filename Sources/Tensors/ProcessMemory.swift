import CKernels

/// What this process holds of the machine's memory, as the system counts it.
public struct ProcessMemory: Equatable, Sendable {
  /// Bytes of its own: the heap, tensors, stacks.
  public let anonymous: Int
  /// Bytes of files that are mapped and in memory: the program, its libraries, mapped weights.
  public let mapped: Int
  /// The most bytes of both together since it started.
  public let highest: Int

  /// Gives the heap's free pages back to the system.
  ///
  /// To be called now and then, as after every training row: oneDNN takes its working memory aligned to pages from the
  /// heap in every product, which leaves holes there that the C library does not use again (glibc before 2.38), and the
  /// process would grow by some 20 MB a row.
  public static func returnFreePages() { yy_return_free_pages(1 << 24) }

  /// From `/proc/self/status`; nil where the system has no such file.
  public static func current() -> ProcessMemory? {
    guard let text = textOfFile("/proc/self/status", limit: 8192) else { return nil }
    var values: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split { $0 == ":" || $0 == " " || $0 == "\t" }
      guard words.count == 3, words[2] == "kB", let value = Int(words[1]) else { continue }
      values[words[0]] = value * 1024
    }
    guard let anonymous = values["RssAnon"], let mapped = values["RssFile"], let highest = values["VmHWM"]
    else {
      return nil
    }
    return ProcessMemory(anonymous: anonymous, mapped: mapped, highest: highest)
  }
}
