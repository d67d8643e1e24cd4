import Corpus
import Evaluation
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

@testable import Training

@Suite struct CheckpointTests {
  private let lora = LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "down"], train: ["embedding"])

  private func job(
    _ folder: String, _ model: LanguageModel, every: Int = 1, keep: Int = 3, resume: Bool = true,
    rows: [Row] = Toy.rows(11), change: (inout TrainingOptions) throws -> Void = { _ in }
  ) throws -> TrainingJob {
    var options = try Toy.options(
      steps: 7, batch: 2, accumulate: 2,
      checkpoint: CheckpointOptions(directory: folder + "/ckpt", every: every, keep: keep), resume: resume)
    try change(&options)
    return try TrainingJob(model: model, data: MemoryRows(rows), options: options)
  }

  private func names(_ folder: String) throws -> [String] { try FileSystem.list(folder + "/ckpt") }

  /// 11 rows in windows of 4: step 3 ends the first pass with a short window.
  @Test(arguments: 1...6)
  func aResumedRunEqualsAnUninterruptedOneBitForBit(stop: Int) throws {
    try Toy.withFolder { folder in
      let whole = try Toy.model(lora: lora)
      let reference = try job(folder + "/a", whole)
      try reference.run()

      let first = try Toy.model(lora: lora)
      let interrupted = try job(folder + "/b", first)
      for _ in 0..<stop { _ = try interrupted.step() }
      // The process is gone; another one loads the same base.
      let second = try Toy.model(lora: lora)
      let resumed = try job(folder + "/b", second)
      #expect(resumed.resumedFrom == stop)
      #expect(resumed.completedSteps == stop)
      try resumed.run()
      #expect(Toy.bits(second) == Toy.bits(whole))
      #expect(Toy.metrics(resumed.history) == Toy.metrics(reference.history))
      #expect(
        try Toy.metrics(file: folder + "/b/ckpt/metrics.jsonl")
          == Toy.metrics(file: folder + "/a/ckpt/metrics.jsonl"))
      for file in ["weights.safetensors", "optimizer.safetensors"] {
        let a = try Data(contentsOf: URL(fileURLWithPath: folder + "/a/ckpt/step-000007/" + file))
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/b/ckpt/step-000007/" + file)) == a)
      }
    }
  }

  @Test func linesAfterTheCheckpointAreCut() throws {
    try Toy.withFolder { folder in
      let first = try job(folder, Toy.model(), every: 2)
      for _ in 0..<5 { _ = try first.step() }
      let path = folder + "/ckpt/metrics.jsonl"
      #expect(try Toy.metrics(file: path).count == 5)
      // A kill in the middle of a line.
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(#"{"step": 6, "lo"#.utf8))
      try handle.close()
      let resumed = try job(folder, Toy.model(), every: 2)
      #expect(resumed.resumedFrom == 4)
      #expect(try Toy.metrics(file: path).count == 4)
      #expect(resumed.history.count == 4)
    }
  }

  @Test func resumeStartsWhereThereIsNothing() throws {
    try Toy.withFolder { folder in
      let fresh = try job(folder, Toy.model())
      #expect(fresh.resumedFrom == nil)
      #expect(fresh.completedSteps == 0)
    }
  }

  @Test func aFreshRunDoesNotTouchCheckpointsOfAnother() throws {
    try Toy.withFolder { folder in
      _ = try job(folder, Toy.model()).step()
      #expect(
        throws: TrainingError(
          argument: "checkpoint",
          reason: "\(folder)/ckpt/step-000001 is there from an earlier run: resume = true continues it, "
            + "another dir starts anew")
      ) { try job(folder, Toy.model(), resume: false) }
    }
  }

  @Test func anEarlierRunsMetricsAreSetAside() throws {
    try Toy.withFolder { folder in
      let path = folder + "/m.jsonl"
      for _ in 0..<2 {
        var options = try Toy.options(steps: 1)
        options.metrics = path
        try TrainingJob(model: Toy.model(), data: MemoryRows(Toy.rows(4)), options: options).run()
      }
      #expect(try Toy.metrics(file: path).count == 1)
      #expect(try Toy.metrics(file: path + ".1") == Toy.metrics(file: path))
    }
  }

  @Test func theLastAndTheBestAreKept() throws {
    try Toy.withFolder { folder in
      let job = try job(folder, Toy.model(), keep: 2) { options in
        // The rate makes the model worse again after the second step.
        options.schedule = .function { step, _ in step <= 2 ? 0.01 : 0.5 }
        options.evaluation = EvaluationOptions(
          sets: [("held_out", .rows(MemoryRows(Toy.rows(11))))], every: 1)
      }
      try job.run()
      let losses = job.history.map { $0["held_out_nll"]?.doubleValue ?? .infinity }
      #expect(losses.min() == losses[1])
      #expect(try names(folder) == ["metrics.jsonl", "step-000002", "step-000006", "step-000007"])
    }
  }

  @Test func leftoversOfACrashAreRemovedAndTheLastGoodOneIsTaken() throws {
    try Toy.withFolder { folder in
      let first = try job(folder, Toy.model())
      for _ in 0..<2 { _ = try first.step() }
      let half = folder + "/ckpt/.unfinished-step-000003"
      try FileSystem.makeFolders(half)
      try AtomicFile.write("half", to: half + "/weights.safetensors")
      let resumed = try job(folder, Toy.model())
      #expect(resumed.resumedFrom == 2)
      #expect(try names(folder) == ["metrics.jsonl", "step-000001", "step-000002"])
    }
  }

  @Test func aDamagedCheckpointIsInTheWayOnlyIfItIsTheLatest() throws {
    try Toy.withFolder { folder in
      let first = try job(folder, Toy.model())
      for _ in 0..<3 { _ = try first.step() }
      try AtomicFile.write("{ half", to: folder + "/ckpt/step-000002/checkpoint.json")
      #expect(try job(folder, Toy.model()).resumedFrom == 3)
      let weights = folder + "/ckpt/step-000003/weights.safetensors"
      try AtomicFile.write(Array(try FileSystem.read(weights).dropLast(8)), to: weights)
      let told = message { _ = try job(folder, Toy.model()) } ?? ""
      #expect(
        told.hasPrefix("\(weights): ")
          && told.hasSuffix(
            "; \(folder)/ckpt/step-000001 before it is whole: remove \(folder)/ckpt/step-000003 to continue from "
              + "there"),
        "\(told)")
      try FileSystem.remove(folder + "/ckpt/step-000003")
      try FileSystem.remove(folder + "/ckpt/step-000001")
      let alone = message { _ = try job(folder, Toy.model()) } ?? ""
      #expect(alone.hasSuffix("; no earlier one is whole"))
    }
  }

  @Test func hooksKeepTheirState() throws {
    try Toy.withFolder { folder in
      let first = try job(folder, Toy.model())
      first.onStep = { first.state = ["seen": JSON($0.step)] }
      for _ in 0..<3 { _ = try first.step() }
      #expect(try job(folder, Toy.model()).state == ["seen": 3])
      let captured = try job(folder, Toy.model())
      captured.captureState = { ["from": "a hook"] }
      _ = try captured.step()
      #expect(try job(folder, Toy.model()).state == ["from": "a hook"])
    }
  }

  @Test func aHookMaySave() throws {
    try Toy.withFolder { folder in
      let job = try job(folder, Toy.model(), every: 100)
      job.onStep = { [unowned job] in if $0.step == 3 { try job.saveCheckpoint() } }
      for _ in 0..<4 { _ = try job.step() }
      #expect(try names(folder) == ["metrics.jsonl", "step-000003"])
    }
  }

  @Test func anotherRunIsRefusedNamingTheDifferences() throws {
    try Toy.withFolder { folder in
      _ = try job(folder, Toy.model(lora: lora)).step()
      func refusal(
        _ model: LanguageModel? = nil, rows: any RowSource = MemoryRows(Toy.rows(11)),
        _ change: (inout TrainingOptions) throws -> Void = { _ in }
      ) throws -> String? {
        var options = try Toy.options(
          steps: 7, batch: 2, accumulate: 2,
          checkpoint: CheckpointOptions(directory: folder + "/ckpt", every: 1), resume: true)
        try change(&options)
        let model = try model ?? Toy.model(lora: lora)
        let before = Toy.bits(model)
        do { _ = try TrainingJob(model: model, data: rows, options: options) } catch {
          #expect(Toy.bits(model) == before)
          let message = "\(error)"
          let start = "resume: \(folder)/ckpt/step-000001 belongs to another run: "
          let end = ". Undo this to continue it, or start a new run in another dir"
          #expect(message.hasPrefix(start) && message.hasSuffix(end))
          return String(message.dropFirst(start.count).dropLast(end.count))
        }
        return nil
      }
      #expect(
        try refusal {
          $0.batchSize = 4; $0.accumulate = 1
        } == nil)
      #expect(
        try refusal {
          $0.batchSize = 3; $0.seed = 9
        }
          == "rows a step: 4 there, 6 here; seed: 7 there, 9 here")
      #expect(try refusal { $0.steps = 9 } == "steps: 7 there, 9 here")
      #expect(
        try refusal { $0.schedule = try .constant(0.5) }
          == "schedule: cosine, peak 0.01, warmup 0.1 of the steps, floor 0.0 there, "
          + "constant, peak 0.5, warmup 0 steps here")
      #expect(try refusal { $0.clip = nil } == "clip: 1.0 there, none here")
      #expect(
        try refusal { $0.optimizer.weightDecay = 0 }
          == "optimizer: adamw, betas 0.9 and 0.999, eps 1e-08, weight decay 0.01 there, "
          + "adamw, betas 0.9 and 0.999, eps 1e-08, weight decay 0.0 here")
      #expect(
        try refusal(rows: MemoryRows(Toy.rows(11), identity: "other"))
          == "data: \"other\", \"rows\" before")
      let base = try #require(try refusal(Toy.model(seed: 2, lora: lora)))
      #expect(base.hasPrefix("frozen weights: sha256 ") && !base.contains(";"))
      #expect(
        try refusal(Toy.model(lora: nil))?.contains(
          "adapter: rank 4, alpha 32.0, dropout 0.1 there, none here") == true)
    }
  }

  @Test func otherDataAreRefusedNamingTheFileOrTheOption() throws {
    let folder = try TemporaryFolder()
    let words = ["a swift flies", "rain", "swallows sleep at night", "martins"]
    func start(_ words: [String], _ pack: PackOptions, eos: Bool = true) throws -> TrainingJob {
      let stream = try TextStream([folder.write("birds.txt", words.joined(separator: "\n"))])
      let parts = try split(stream, heldOut: 0.05, seed: 1)
      let data = try PackedData(parts.training, tokenizer: ByteTokenizer(), options: pack)
      var spec = ModelSpec(
        vocabSize: 259, hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8)
      spec.maxPositionEmbeddings = 32
      let options = try Toy.options(
        checkpoint: CheckpointOptions(directory: folder.file("ckpt"), every: 1), resume: true)
      return try TrainingJob(
        model: .new(spec, tokenizer: ByteTokenizer(), seed: 1), data: data, options: options)
    }
    func refusal(_ difference: String) -> String {
      "resume: \(folder.file("ckpt"))/step-000001 belongs to another run: \(difference). "
        + "Undo this to continue it, or start a new run in another dir"
    }
    _ = try start(words, .init(length: 32)).step()
    #expect(try start(words, .init(length: 32)).resumedFrom == 1)
    #expect(
      message { _ = try start(words, .init(length: 24)) } == refusal("pack.length: 24, 32 before"))
    #expect(
      message { _ = try start(words, .init(length: 32, seed: 3)) }
        == refusal("data.sources.1.stream.of.shuffle: \"3\", none before"))
    #expect(
      message { _ = try start(words + ["one more"], .init(length: 32)) }
        == refusal("the contents of birds.txt have changed"))
    #expect(try start(words, .init(length: 32)).resumedFrom == 1)
  }

  /// Another library, version or CPU rounds otherwise, so the run would not be the same.
  @Test func anotherMatrixProductIsRefused() throws {
    try Toy.withFolder { folder in
      _ = try job(folder, Toy.model()).step()
      let path = folder + "/ckpt/step-000001/checkpoint.json"
      let here = try MatrixProducts.current.identity
      let text = try #require(String(bytes: try FileSystem.read(path), encoding: .utf8))
      #expect(text.contains(here))
      try AtomicFile.write(text.replacingOccurrences(of: here, with: "OpenBLAS 0.2 Atom"), to: path)
      #expect(
        message { _ = try job(folder, Toy.model()) }
          == "resume: \(folder)/ckpt/step-000001 belongs to another run: matrix products: OpenBLAS 0.2 Atom there, "
          + "\(here) here. Undo this to continue it, or start a new run in another dir")
    }
  }

  @Test func savingTakesNoMemoryForTensors() throws {
    try Toy.withFolder { folder in
      let ledger = StorageLedger()
      try StorageLedger.$current.withValue(ledger) {
        let job = try job(folder, Toy.model(), every: 100)
        _ = try job.step()
        let before = ledger.liveBytes
        ledger.resetPeak()
        try job.saveCheckpoint()
        #expect(ledger.peakBytes == before)
        #expect(try names(folder) == ["metrics.jsonl", "step-000001"])
      }
    }
  }

  @Test func aDiskWithoutRoomIsNamedBeforeTheFirstStep() throws {
    try Toy.withFolder { folder in
      let checkpoints = try CheckpointFolder(CheckpointOptions(directory: folder, every: 1, keep: 3))
      do {
        try checkpoints.requireSpace(bytesEach: 1 << 60, count: 9, keepsBest: true)
        Issue.record("there is no such disk")
      } catch let error as TrainingError {
        #expect(error.argument == "checkpoint")
        #expect(
          error.reason.hasPrefix("5 of 1,152,921,504,607 MB will be written, the disk of \(folder) has "))
      }
    }
  }

  @Test func anUnwritableFolderLeavesTheLastCheckpointGood() throws {
    try Toy.withFolder { folder in
      let model = try Toy.model()
      let first = try job(folder, model)
      _ = try first.step()
      // A file where the next checkpoint would be written stands for a disk that takes no more.
      try AtomicFile.write("in the way", to: folder + "/ckpt/step-000002")
      do {
        _ = try first.step()
        Issue.record("the checkpoint was written over a file")
      } catch let error as FileError {
        #expect(
          error.description.hasSuffix("the checkpoint was not written, \(folder)/ckpt/step-000001 stays good")
        )
      }
      #expect(try job(folder, Toy.model()).resumedFrom == 1)
    }
  }
}
