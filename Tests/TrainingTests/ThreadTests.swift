import Models
import Tensors
import Testing

@testable import Training

/// Tests that change the number of threads, which belongs to the whole process.
@Suite(.serialized) struct ThreadTests {
  private let lora = LoRAOptions(rank: 4, dropout: 0.1, targets: ["q", "v", "down"])

  @Test func theNumberOfThreadsChangesNoBit() throws {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    var results: [[UInt32]] = []
    for threads in [1, 2, 4] {
      Parallel.threads = threads
      let model = try Toy.model(lora: lora)
      try TrainingJob(model: model, data: MemoryRows(Toy.rows(16)), options: Toy.options()).run()
      results.append(Toy.bits(model))
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test func aVerificationRunsWithThreadsAndPutsTheirNumberBack() throws {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 3
    var seen: [Int] = []
    let report = try ResumeVerification(at: 1, steps: 2, threads: [1, 2, 4]).report(
      model: Toy.model(lora: lora), data: MemoryRows(Toy.rows(16)), options: Toy.options(),
      attach: { job in job.onStep = { _ in seen.append(Parallel.threads) } })
    #expect(report.isEqual)
    #expect(report.comparisons.map(\.run).suffix(3) == ["with 1 thread", "with 2 threads", "with 4 threads"])
    #expect(report.description.hasSuffix("\n  threads  1, 2, 4: the same bits"))
    // Through, cut, resumed, and through with each number.
    #expect(seen == [3, 3, 3, 3, 1, 1, 2, 2, 4, 4])
    #expect(Parallel.threads == 3)
  }

  @Test func aResultThatDependsOnTheThreadsIsTold() throws {
    var options = try Toy.options()
    options.schedule = .function { _, _ in Parallel.threads == 2 ? 0.02 : 0.01 }
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 1
    let report = try ResumeVerification(at: 1, steps: 2, threads: [2]).report(
      model: Toy.model(), data: MemoryRows(Toy.rows(4)), options: options)
    #expect(report.differences.first == "with 2 threads: first at step 1: lr 0.01 != 0.02")
    #expect(report.step == 1)
  }
}
