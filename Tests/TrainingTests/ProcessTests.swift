#if compiler(>=6.2)
  import Files
  import Foundation
  import Models
  import Processes
  import Testing

  @testable import Training

  /// What concerns a whole process, in one of its own: Ctrl-C and a full disk.
  @Suite struct ProcessTests {
    private static let lora = LoRAOptions(
      rank: 4, dropout: 0.1, targets: ["q", "v", "down"], train: ["embedding"])

    @Test func interruptsAtAnyMomentChangeNoBit() async {
      await #expect(processExitsWith: .success) {
        let reference = try Toy.model(lora: ProcessTests.lora)
        let whole = try TrainingJob(
          model: reference, data: MemoryRows(Toy.rows(16)), options: Toy.options(steps: 40, batch: 8))
        let start = Date()
        try whole.run()
        let stepTime = Date().timeIntervalSince(start) / 40
        let model = try Toy.model(lora: ProcessTests.lora)
        let job = try TrainingJob(
          model: model, data: MemoryRows(Toy.rows(16)), options: Toy.options(steps: 40, batch: 8))
        var (interrupts, attempts) = (0, 0)
        while !job.isFinished {
          // From the start of a step to beyond its end; every step gets through once.
          let share = Double(attempts % 12) / 10
          attempts += 1
          let microseconds = UInt32(share * stepTime * 1e6)
          let timer = Thread {
            usleep(microseconds)
            Interrupt.request()
          }
          timer.start()
          let (completed, before) = (job.completedSteps, Toy.bits(model))
          do { _ = try job.step() } catch is Interrupted {
            interrupts += 1
            if job.completedSteps == completed, Toy.bits(model) != before { exit(3) }
          }
          while !timer.isFinished { usleep(100) }
          Interrupt.clear()
        }
        if interrupts == 0 { exit(4) }
        if Toy.bits(model) != Toy.bits(reference) { exit(5) }
        if Toy.metrics(job.history) != Toy.metrics(whole.history) { exit(6) }
      }
    }

    @Test func anInterruptedVerificationLeavesNothing() async {
      await #expect(processExitsWith: .success) {
        try Toy.withFolder { folder in
          setenv("TMPDIR", folder, 1)
          let model = try Toy.model(lora: ProcessTests.lora)
          let before = Toy.bits(model)
          var interrupts = 0
          for round in 0..<12 {
            let timer = Thread {
              usleep(UInt32(round) * 8000)
              Interrupt.request()
            }
            timer.start()
            do {
              _ = try ResumeVerification(at: 4, threads: [1, 2]).report(
                model: model, data: MemoryRows(Toy.rows(16)), options: Toy.options(steps: 10, batch: 8))
            } catch is Interrupted { interrupts += 1 }
            while !timer.isFinished { usleep(100) }
            Interrupt.clear()
            if Toy.bits(model) != before { exit(3) }
            if try !FileSystem.list(folder).isEmpty { exit(4) }
          }
          if interrupts < 3 { exit(5) }
        }
      }
    }

    @Test func aFullDiskLeavesTheLastCheckpointGood() async {
      await #expect(processExitsWith: .success) {
        try Toy.withFolder { folder in
          let reference = try Toy.model()
          try TrainingJob(model: reference, data: MemoryRows(Toy.rows(8)), options: Toy.options()).run()
          let options = try Toy.options(
            checkpoint: CheckpointOptions(directory: folder, every: 1), resume: true)
          let model = try Toy.model()
          let job = try TrainingJob(model: model, data: MemoryRows(Toy.rows(8)), options: options)
          _ = try job.step()
          // No file may grow beyond 10 kB: the weights are larger, the metrics are not.
          signal(SIGXFSZ, SIG_IGN)
          var limit = rlimit()
          getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
          let unlimited = limit
          limit.rlim_cur = 10_000
          setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
          var message = ""
          do { _ = try job.step() } catch { message = "\(error)" }
          limit = unlimited
          setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
          let expected =
            "\(folder)/step-000002/weights.safetensors: file too large for the limit of this process; "
            + "the checkpoint was not written, \(folder)/step-000001 stays good"
          if message != expected {
            exit(3)
          }
          if try FileSystem.list(folder) != ["metrics.jsonl", "step-000001"] { exit(4) }
          // With room again the same job goes on, and so would another process.
          let second = try Toy.model()
          if try TrainingJob(model: second, data: MemoryRows(Toy.rows(8)), options: options).resumedFrom != 1
          {
            exit(5)
          }
          try job.run()
          if Toy.bits(model) != Toy.bits(reference) { exit(6) }
        }
      }
    }
  }
#endif
