public import Models
import Processes
import Tensors

/// Several prompts continued at the same time: a token of each costs hardly more than one token of one, as the
/// weights, whose reading is what decoding waits for, are read once for all.
///
/// Each sequence is what a `Generator` of its own with the same options would make of it, bit for bit: a seed
/// counts for each of them as if it were alone, and without one each draws its own. Prompts may differ in
/// length, and each sequence ends on its own. So many are under way at a time as share a reading of the weights; the
/// others wait, without keys and values of theirs in memory.
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
      together.flatMap { unseen[$0] ?? [] }, caches: together.map { try generators[places[$0]].cache() })
    for (index, logits) in zip(together, logits) {
      tokens[index] = try generators[places[index]].choose(from: logits)
    }
    return tokens
  }

  /// Runs all sequences to their ends and returns their ids, the prompts' among them.
  public func ids() throws -> [[Int32]] {
    try run { _, token in token == nil }
    return generators.map(\.ids)
  }

  /// Runs all sequences to their ends or stop strings and returns the texts that continue the prompts.
  public func texts() throws -> [String] {
    var writers = try generators.map { try TextWriter(generator: $0, model: model) }
    var texts = [String](repeating: "", count: writers.count)
    try run { place, token in
      texts[place] += try writers[place].take(token)
      return writers[place].isDone
    }
    return texts
  }

  /// Runs all sequences; `take` gets each one's tokens, nil at the end, and says whether it is done.
  private func run(_ take: (_ place: Int, _ token: Int32?) throws -> Bool) throws {
    var waiting = generators.indices[...]
    var live: [Int] = []
    while true {
      while live.count < Tensor.fewRows, let place = waiting.popFirst() { live.append(place) }
      guard !live.isEmpty else { return }
      let tokens = try next(live)
      live = try zip(live, tokens).compactMap { place, token in
        guard try take(place, token) else { return place }
        generators[place].forgetCache()
        return nil
      }
    }
  }
}
