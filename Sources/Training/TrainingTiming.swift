import Corpus
import Models

/// How long the steps of a run take, from two of them.
public struct TrainingTiming: Equatable, Sendable {
  /// Tokens of the faster step, as `StepRecord` counts them.
  public let tokensPerStep: Int
  /// Of the faster step: the first one asks the system for its memory, which later ones do not.
  public let secondsPerStep: Double
  public var tokensPerSecond: Double { Double(tokensPerStep) / max(secondsPerStep, 1e-9) }

  /// Makes two steps from the start of the data, on copies of what is trained.
  ///
  /// Nothing is evaluated or saved and no hook is called; the learning rate, which costs no time, is a constant.
  init(of model: LanguageModel, data: any RowSource, options: TrainingOptions) throws {
    var options = options
    options.steps = 2
    options.schedule = try .constant(1e-6)
    options.evaluation = nil
    options.checkpoint = nil
    options.resume = false
    options.metrics = nil
    options.progress = nil
    let records = try model.transformer.withCopiesOfTrained {
      let job = try TrainingJob(model: model, data: data, options: options)
      return [try job.step(), try job.step()]
    }
    let best = records.max { $0.tokensPerSecond < $1.tokensPerSecond }
    tokensPerStep = best?.tokens ?? 0
    secondsPerStep = best?.seconds ?? 0
  }
}
