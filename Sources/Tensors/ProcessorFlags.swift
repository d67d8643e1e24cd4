/// What the CPU can do.
enum ProcessorFlags {
  /// The feature flags as the kernel lists them; empty on other architectures than x86.
  static let current: Set<Substring> = {
    let text = textOfFile("/proc/cpuinfo", limit: 16384) ?? ""
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return [] }
    return Set(line.split(separator: " "))
  }()

  /// The features of AVX-512 that servers have had since 2017.
  static let avx512: Set<Substring> = ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"]
}
