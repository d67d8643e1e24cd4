import ArgumentParser
import Files
import Library
import Processes
import Scripting

/// `yuyan doctor`: what this machine has, and the self-test of `yuyan/doctor.lua`.
struct DoctorCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "yuyan doctor", abstract: "What this machine has, and a self-test.")

  func execute() -> ExitStatus {
    tell("yuyan", "\(Library.version), Lua 5.4")
    tell("program", MachineFacts.program)
    tell("system", MachineFacts.system)
    tell("processor", "\(MachineFacts.processor), \(cores)")
    tell("features", features)
    tell("kernels", MachineFacts.kernels)
    tell("matrices", "\(MachineFacts.matrices) (YUYAN_MATRIX_PRODUCT changes it)")
    tell("limits", MachineFacts.limits)
    tell("threads", "\(MachineFacts.threads) (YUYAN_THREADS changes it)")
    tell("memory", memory)
    tell("disk", "\(free(".")) free here, \(free("/tmp")) in /tmp")
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

  private var cores: String { "\(MachineFacts.cores) \(MachineFacts.cores == 1 ? "core" : "cores")" }

  private var features: String {
    MachineFacts.features.isEmpty ? "none known" : MachineFacts.features.joined(separator: " ")
  }

  private var memory: String {
    // A container may have less than the machine.
    let limited = MachineFacts.memoryLimit.map { ", limited to \(gigabytes($0))" } ?? ""
    return
      "\(gigabytes(MachineFacts.memoryBytes)), \(gigabytes(MachineFacts.availableBytes)) available\(limited)"
  }

  private func free(_ path: String) -> String {
    (try? FileSystem.availableBytes(at: path)).map { gigabytes(Int($0)) } ?? "unknown"
  }

  private func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e8).rounded() / 10) GB" }
}
