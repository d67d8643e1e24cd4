import ArgumentParser
import Files
import Glibc
import Library
import Processes
import Scripting

/// `yuyan doctor`: what this machine has, and the self-test of `yuyan/doctor.lua`.
struct DoctorCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "yuyan doctor", abstract: "What this machine has, and a self-test.")

  func execute() -> ExitStatus {
    tell("yuyan", "\(Library.version), Lua 5.4")
    tell("program", Machine.program)
    tell("system", Machine.system)
    tell("processor", Machine.processor)
    tell("features", Machine.features)
    tell("kernels", Machine.kernels)
    for (name, value) in Library.machineFacts() { tell(name, value) }
    tell("memory", Machine.memory)
    tell("disk", Machine.disk)
    tell("gnuplot", ChildProcess.find("gnuplot") ?? "not found; pictures need it: apt install gnuplot-nox")
    tell(
      "spm_train",
      ChildProcess.find("spm_train") ?? "not found; training a vocabulary needs it: apt install sentencepiece"
    )
    tell("Lua files", (try? Library.luaFolder()) ?? "not found")
    Console.output("\n")
    let start = ContinuousClock.now
    return Door.reporting {
      let session = try Library.makeSession()
      try session.interpreter.load("require('yuyan.doctor').run()", name: "=doctor").run()
      let seconds = Double((ContinuousClock.now - start) / .milliseconds(10)).rounded() / 100
      tell("self-test", "OK, \(seconds) s")
    }
  }

  private func tell(_ name: String, _ value: String) {
    Console.output(name + String(repeating: " ", count: max(1, 14 - name.count)) + value + "\n")
  }
}

/// Facts that Linux tells of the machine.
enum Machine {
  static var processor: String {
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let name = field("model name", of: "/proc/cpuinfo") ?? "of unknown name"
    return "\(name), \(cores) \(cores == 1 ? "core" : "cores")"
  }

  /// The running file, links resolved.
  static var program: String { FileSystem.resolvingLinks("/proc/self/exe") }

  static var system: String {
    let release = field("PRETTY_NAME", of: "/etc/os-release", separator: "=")?.filter { $0 != "\"" }
    var names = utsname()
    uname(&names)
    let kernel = withUnsafeBytes(of: &names.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    return "\(release ?? "Linux"), kernel \(kernel)"
  }

  /// Which of the clones of our kernels this processor gets.
  static var kernels: String {
    let flags = flags
    func has(_ names: [String]) -> Bool { flags.isSuperset(of: names) }
    let third = ["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]
    if has(third + ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]) {
      return "x86-64-v4 (AVX-512)"
    }
    if has(third) { return "x86-64-v3 (AVX2)" }
    return "plain; they are several times faster with AVX2"
  }

  static var disk: String {
    func free(_ path: String) -> String {
      (try? FileSystem.availableBytes(at: path)).map { gigabytes(Double($0)) } ?? "unknown"
    }
    return "\(free(".")) free here, \(free("/tmp")) in /tmp"
  }

  private static var flags: Set<String> {
    Set((field("flags", of: "/proc/cpuinfo") ?? "").split(separator: " ").map(String.init))
  }

  /// The vector instructions that matter here.
  static var features: String {
    let known = ["sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16"]
    let present = known.filter(flags.contains)
    return present.isEmpty ? "none known" : present.joined(separator: " ")
  }

  static var memory: String {
    func bytes(_ name: String) -> Double {
      let text = field(name, of: "/proc/meminfo") ?? ""
      return (Double(text.split(separator: " ").first ?? "0") ?? 0) * 1024
    }
    // A container may have less than the machine.
    let limit = firstLine(of: "/sys/fs/cgroup/memory.max").flatMap(Double.init)
    let limited = limit.map { ", limited to \(gigabytes($0))" } ?? ""
    return "\(gigabytes(bytes("MemTotal"))), \(gigabytes(bytes("MemAvailable"))) available\(limited)"
  }

  static func gigabytes(_ bytes: Double) -> String { "\((bytes / 1e8).rounded() / 10) GB" }

  private static func field(_ name: String, of path: String, separator: Character = ":") -> String? {
    for line in lines(of: path) where line.hasPrefix(name) {
      guard let mark = line.firstIndex(of: separator) else { continue }
      return String(line[line.index(after: mark)...].drop { $0 == " " || $0 == "\t" })
    }
    return nil
  }

  private static func firstLine(of path: String) -> String? { lines(of: path).first.map(String.init) }

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
