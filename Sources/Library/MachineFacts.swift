import Files
import Glibc
import Stdlib
import Tensors

/// What Linux and the numeric library tell of this machine.
public enum MachineFacts {
  /// The running file, links resolved.
  public static var program: String { FileSystem.resolvingLinks("/proc/self/exe") }

  public static var system: String {
    let release = field("PRETTY_NAME", of: "/etc/os-release", separator: "=")?.filter { $0 != "\"" }
    var names = utsname()
    uname(&names)
    let kernel = withUnsafeBytes(of: &names.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    return "\(release ?? "Linux"), kernel \(kernel)"
  }

  public static var processor: String { field("model name", of: "/proc/cpuinfo") ?? "of unknown name" }
  public static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }
  public static var threads: Int { Parallel.threads }

  /// The vector instructions that matter here.
  public static var features: [String] {
    let known = [
      "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni",
      "amx_bf16",
    ]
    return known.filter(flags.contains)
  }

  public static var hasAVX512: Bool { has(avx512) }
  public static var hasBFloat16: Bool { has(["avx512_bf16"]) }

  /// Which of the clones of our kernels this processor gets.
  public static var kernels: String {
    if has(avx2 + avx512) { return "x86-64-v4 (AVX-512)" }
    if has(avx2) { return "x86-64-v3 (AVX2)" }
    return "plain; they are several times faster with AVX2"
  }

  /// The library of matrix products with its version and CPU kernels, or why there is none.
  public static var matrices: String {
    do { return try MatrixProducts.current.identity } catch { return "\(error)" }
  }

  /// Of the whole machine.
  public static var memoryBytes: Int { kilobytes("MemTotal") * 1024 }
  public static var availableBytes: Int { StoragePool.availableBytes() ?? 0 }

  /// What a container allows this process; nil where nothing does.
  public static var memoryLimit: Int? { StoragePool.memoryLimit }

  /// What the machine reaches, from a short measurement.
  public static var limits: String {
    do {
      var reached: [String] = []
      for type in [DataType.f32, .bf16] {
        let product = try MachineLimits.matrixProduct(m: 512, n: 2048, k: 2048, type: type, seconds: 0.3)
        reached.append(
          "\(type.rawValue) " + (product.map { "\(Int($0.rounded())) GFLOP/s" } ?? "has no product"))
      }
      let reading = try MachineLimits.readBandwidth(bytes: 1 << 29, seconds: 0.3)
      return reached.joined(separator: ", ") + ", reading \((reading * 10).rounded() / 10) GB/s"
    } catch { return "\(error)" }
  }

  private static let avx2 = ["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]
  private static let avx512 = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
  private static let flags =
    Set((field("flags", of: "/proc/cpuinfo") ?? "").split(separator: " ").map(String.init))
  private static func has(_ names: [String]) -> Bool { flags.isSuperset(of: names) }

  private static func kilobytes(_ name: String) -> Int {
    (field(name, of: "/proc/meminfo") ?? "").split(separator: " ").first.flatMap { Int($0) } ?? 0
  }

  private static func field(_ name: String, of path: String, separator: Character = ":") -> String? {
    for line in lines(of: path) where line.hasPrefix(name) {
      guard let mark = line.firstIndex(of: separator) else { continue }
      return String(line[line.index(after: mark)...].drop { $0 == " " || $0 == "\t" })
    }
    return nil
  }

  /// Files of the kernel tell no size, so they are read to their end.
  private static func lines(of path: String) -> [Substring] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}

extension Library {
  /// The folder that holds the Lua files.
  ///
  /// - Throws: `Stdlib.NotFound`.
  public static func luaFolder() throws -> String { try Stdlib.locate() + "/" + Stdlib.folderName }
}
