public import Models
import Processes

/// Several prompts continued at the same time: a token of each costs hardly more than one token of one, as the
/// weights, whose reading is what decoding waits for, are read once for all.
///
/// Each sequence is what a `Generator` of its own with the same options would make of it, bit for bit: a seed
/// counts for each of them as if it were alone, and without one each draws its own. Prompts may differ in
/// length, and each sequence ends on its own.
public final class GenerationBatch {
  public let generators: [Generator]
  private let model: LanguageModel

  /// Throws what `Generator` throws, with the number of the prompt.
  public init(model: LanguageModel, prompts: [[Int32]], options: GenerateOptions) throws {
    self.model = model
    generators = try prompts.enumerated().map { number, prompt in
      do { return try Generator(model: model, prompt: prompt, options: options) } catch let error
        as DecodingError
      {
        throw DecodingError(argument: error.argument, reason: "in prompt \(number + 1): " + error.reason)
      }
    }
  }

  /// One more token for each of the sequences `places`, in their order; nil for those that have ended.
  ///
  /// A prompt is read alone, whole; sequences that are under way go on together.
  public func next(_ places: [Int]) throws -> [Int32?] {
    try Interrupt.check()
    let unseen = places.map { generators[$0].unseen }
    let together = places.indices.filter { unseen[$0]?.count == 1 }
    var tokens = [Int32?](repeating: nil, count: places.count)
    for index in places.indices where unseen[index] != nil && unseen[index]?.count != 1 {
      tokens[index] = try generators[places[index]].next()
    }
    let logits = try model.transformer.advance(
      together.flatMap { unseen[$0] ?? [] }, caches: together.map { generators[places[$0]].cache })
    for (index, logits) in zip(together, logits) {
      tokens[index] = try generators[places[index]].choose(from: logits)
    }
    return tokens
  }

  /// Runs all sequences to their ends and returns their ids, the prompts' among them.
  public func ids() throws -> [[Int32]] {
    var live = Array(generators.indices)
    while !live.isEmpty { live = zip(live, try next(live)).compactMap { $1 == nil ? nil : $0 } }
    return generators.map(\.ids)
  }

  /// Runs all sequences to their ends or stop strings and returns the texts that continue the prompts.
  public func texts() throws -> [String] {
    var writers = try generators.map { try TextWriter(generator: $0, model: model) }
    var texts = [String](repeating: "", count: writers.count)
    var live = Array(writers.indices)
    while !live.isEmpty {
      for (place, token) in zip(live, try next(live)) { texts[place] += try writers[place].take(token) }
      live.removeAll { writers[$0].isDone }
    }
    return texts
  }
}
