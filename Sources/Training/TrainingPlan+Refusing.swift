import Corpus
import Files
import Models
import Tensors

extension TrainingPlan {
  /// Throws `TrainingError` when a run would surely be killed: its tensors alone, without what lies in files or might be
  /// kept for reuse, take more than a tenth above all the memory and swap that this process could have.
  static func requireMemory(_ model: LanguageModel, data: any RowSource, options: TrainingOptions) throws {
    guard let limit = StoragePool.reachableBytes() else { return }
    let run = TrainingMemory.Run(
      length: data.length, rowsPerStep: options.rowsPerStep, recompute: options.recompute)
    try require(Setup(TrainedShape(model), run), fits: limit)
  }

  static func require(_ setup: Setup, fits limit: Int) throws {
    let memory = TrainingMemory(setup.shape, setup.run)
    let needed = memory.training.total - setup.shape.mappedBytes
    guard needed > limit + limit / 10 else { return }
    let advice = PlanAdvice.all(for: setup, from: memory, upTo: limit).first { $0.fits }
    throw TrainingError(
      argument: "model",
      reason: "training it takes \(ByteCount.text(needed)) of memory, \(ByteCount.text(limit)) can be had"
        + (advice.map { "; it would fit with \($0.change)" } ?? ""))
  }
}
