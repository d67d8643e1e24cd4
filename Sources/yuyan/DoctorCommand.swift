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
    tell("processor", Machine.processor)
    tell("features", Machine.features)
    for (name, value) in Library.machineFacts() { tell(name, value) }
    tell("memory", Machine.memory)
    let free = (try? FileSystem.availableBytes(at: ".")).map { Machine.gigabytes(Double($0)) + " free here" }
    tell("disk", free ?? "unknown")
    tell("gnuplot", ChildProcess.find("gnuplot") ?? "not found: pictures are drawn as text only")
    tell("spm_train", ChildProcess.find("spm_train") ?? "not needed: the library trains vocabularies")
    return Door.reporting {
      let evaluator = try Library.makeSession()
      tell("Lua files", try Library.luaFolder())
      try evaluator.evaluate("require('yuyan.doctor').run();", name: "doctor")
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
    return "\(field("model name", of: "/proc/cpuinfo") ?? "unknown"), \(cores) cores"
  }

  /// The vector instructions that matter here.
  static var features: String {
    let flags = Set((field("flags", of: "/proc/cpuinfo") ?? "").split(separator: " ").map(String.init))
    let known = ["sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16"]
    let present = known.filter(flags.contains)
    return present.isEmpty ? "none known" : present.joined(separator: " ")
  }

  static var memory: String {
    func bytes(_ name: String) -> Double {
      let text = field(name, of: "/proc/meminfo") ?? ""
      return (Double(text.split(separator: " ").first ?? "0") ?? 0) * 1024
    }
    return "\(gigabytes(bytes("MemTotal"))), \(gigabytes(bytes("MemAvailable"))) available"
  }

  static func gigabytes(_ bytes: Double) -> String { "\((bytes / 1e8).rounded() / 10) GB" }

  private static func field(_ name: String, of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(buffer) }
    while getline(&buffer, &capacity, file) > 0, let buffer {
      let line = String(cString: buffer)
      guard line.hasPrefix(name), let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      return String(value.prefix { $0 != "\n" })
    }
    return nil
  }
}
