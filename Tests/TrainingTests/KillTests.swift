#if compiler(>=6.2)
  import Files
  import Foundation
  import Models
  import TestSupport
  import Testing

  @testable import Training

  /// A run whose process is killed again and again ends like one that was left alone.
  @Suite struct KillTests {
    static let variable = "YUYAN_TEST_KILL_FOLDER"
    static let steps = 40

    /// 11 rows in windows of 4: passes end at steps 3, 6, 9, ...
    static func job(_ folder: String) throws -> (TrainingJob, LanguageModel) {
      let model = try Toy.model(
        lora: LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "down"], train: ["embedding"]))
      let options = try Toy.options(
        steps: steps, batch: 2, accumulate: 2, checkpoint: .init(directory: folder, every: 1), resume: true)
      return (try TrainingJob(model: model, data: MemoryRows(Toy.rows(11)), options: options), model)
    }

    static func name(_ step: Int) -> String { "step-" + String("\(1_000_000 + step)".dropFirst()) }

    /// Every second process dies in the midst of a checkpoint, the others whenever it comes.
    @Test func killedTenTimes() async throws {
      let folder = try TemporaryFolder()
      let (whole, reference) = try Self.job(folder.file("whole"))
      try whole.run()

      let run = folder.file("killed")
      setenv(Self.variable, run, 1)
      defer { unsetenv(Self.variable) }
      var reached: [Int] = []
      for _ in 0..<10 {
        await #expect(processExitsWith: .signal(SIGKILL)) {
          let folder = String(cString: getenv(KillTests.variable))
          let (job, _) = try KillTests.job(folder)
          let first = job.completedSteps
          // The files of the third checkpoint begin to be there, or the first checkpoint is.
          let watched =
            first % 2 == 0
            ? folder + "/.unfinished-" + KillTests.name(first + 3) : folder + "/" + KillTests.name(first + 1)
          let delay = UInt32.random(in: 0...(first % 2 == 0 ? 400 : 6000))
          Thread {
            while access(watched, F_OK) != 0 { usleep(20) }
            usleep(delay)
            kill(getpid(), SIGKILL)
          }.start()
          for _ in 0..<4 { _ = try job.step() }
          usleep(20_000)
          kill(getpid(), SIGKILL)
        }
        let left = try FileSystem.list(run).filter { $0.hasPrefix("step-") }.compactMap {
          Int($0.dropFirst(5))
        }
        reached.append(left.max() ?? 0)
      }
      #expect(reached == reached.sorted() && reached.last ?? 0 >= 10)
      let (rest, model) = try Self.job(run)
      #expect(rest.resumedFrom == reached.last)
      try rest.run()
      #expect(Toy.bits(model) == Toy.bits(reference))
      let metrics = try Toy.metrics(file: folder.file("killed/metrics.jsonl"))
      #expect(metrics == Toy.metrics(whole.history))
      #expect(Set(metrics).count == Self.steps)
      for file in ["weights.safetensors", "optimizer.safetensors"] {
        let name = "\(Self.name(Self.steps))/\(file)"
        #expect(
          try FileSystem.read(folder.file("killed/" + name)) == FileSystem.read(folder.file("whole/" + name)))
      }
    }
  }
#endif
