#if compiler(>=6.2)
  import Files
  import Foundation
  import Models
  import TestSupport
  import Testing

  @testable import Training

  /// A run whose process is killed again and again ends like one that was left alone.
  @Suite struct KillTests {
    static let folder = "YUYAN_TEST_KILL_FOLDER"
    static let round = "YUYAN_TEST_KILL_ROUND"
    static let steps = 40

    /// 11 rows in windows of 4: passes end at steps 3, 6, 9, ...
    static func job(_ folder: String, every: Int = 1) throws -> (TrainingJob, LanguageModel) {
      let model = try Toy.model(
        lora: LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "down"], train: ["embedding"]))
      let options = try Toy.options(
        steps: steps, batch: 2, accumulate: 2, checkpoint: .init(directory: folder, every: every),
        resume: true)
      return (try TrainingJob(model: model, data: MemoryRows(Toy.rows(11)), options: options), model)
    }

    static func name(_ step: Int) -> String { "step-" + String("\(1_000_000 + step)".dropFirst()) }

    /// Every second process dies in the midst of a checkpoint, the others whenever it comes.
    @Test func killedTenTimes() async throws {
      let folder = try TemporaryFolder()
      let (whole, reference) = try Self.job(folder.file("whole"))
      try whole.run()

      let run = folder.file("killed")
      setenv(Self.folder, run, 1)
      defer {
        unsetenv(Self.folder)
        unsetenv(Self.round)
      }
      var reached: [Int] = []
      var halves = 0
      for round in 0..<10 {
        setenv(Self.round, "\(round)", 1)
        await #expect(processExitsWith: .signal(SIGKILL)) {
          let folder = String(cString: getenv(KillTests.folder))
          let isSaving = atoi(getenv(KillTests.round)) % 2 == 0
          let (job, _) = try KillTests.job(folder, every: isSaving ? 1 : 2)
          // The files of the third checkpoint begin to be there, or the steps have just begun.
          let watched =
            isSaving
            ? folder + "/.unfinished-" + KillTests.name(job.completedSteps + 3) : folder + "/metrics.jsonl"
          let delay = UInt32.random(in: 0...(isSaving ? 400 : 80_000))
          Thread {
            while access(watched, F_OK) != 0 { usleep(20) }
            usleep(delay)
            kill(getpid(), SIGKILL)
          }.start()
          for _ in 0..<4 { _ = try job.step() }
          usleep(20_000)
          kill(getpid(), SIGKILL)
        }
        let names = try FileSystem.list(run)
        let left = names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }
        halves += names.count { $0.hasPrefix(".unfinished-step-") }
        reached.append(left.max() ?? 0)
      }
      #expect(reached == reached.sorted() && reached.last ?? 0 >= 6)
      #expect(halves > 0, "no process died while it wrote a checkpoint")
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
