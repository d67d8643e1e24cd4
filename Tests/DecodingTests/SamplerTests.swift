import Files
import Foundation
import Testing

@testable import Decoding

@Suite struct SamplerTests {
  /// scripts/fixtures/decoding.py: Transformers' processors in float64.
  @Test func candidatesAreThoseOfTransformers() throws {
    let path = try #require(Bundle.module.path(forResource: "Fixtures/decoding", ofType: "json"))
    let cases = try #require(try JSON.read(path).arrayValue)
    #expect(cases.count == 72)
    for (number, item) in cases.enumerated() {
      let options = GenerateOptions(
        temperature: Float(try #require(item["temperature"]?.doubleValue)), topK: item["top_k"]?.intValue,
        topP: item["top_p"]?.doubleValue.map { Float($0) },
        repetitionPenalty: Float(try #require(item["repetition_penalty"]?.doubleValue)), seed: 1)
      let sampler = try Sampler(options)
      var logits = try #require(item["logits"]?.arrayValue).map { Float($0.doubleValue ?? 0) }
      let context = try #require(item["context"]?.arrayValue).map { Int32($0.intValue ?? 0) }
      sampler.penalizeRepetition(in: &logits, of: context)
      let candidates = try sampler.candidates(logits)
      let ids = try #require(item["ids"]?.arrayValue).map { Int32($0.intValue ?? 0) }
      let probabilities = try #require(item["probabilities"]?.arrayValue).map { $0.doubleValue ?? 0 }
      #expect(candidates.map(\.id) == ids, "case \(number)")
      for (ours, theirs) in zip(candidates, probabilities) {
        #expect(abs(ours.probability - theirs) <= 1e-6, "case \(number)")
      }
    }
  }

  /// The tree of Hugging Face's "How to generate text": greedy search goes The (.5) nice (.4) woman.
  @Test func greedyWalkThroughThePublishedTree() throws {
    let sampler = try Sampler(GenerateOptions(temperature: 0))
    func choice(_ words: [String], _ shares: [Double]) throws -> String {
      words[Int(try sampler.next(shares.map { Float(log($0)) }, after: [0]))]
    }
    #expect(try choice(["dog", "nice", "car"], [0.4, 0.5, 0.1]) == "nice")
    #expect(try choice(["woman", "house", "guy"], [0.4, 0.3, 0.3]) == "woman")
  }

  /// Six words after "The" hold two thirds and nine exceed .92; after "The car" three do.
  ///
  /// So says the same text of its two other figures. The single shares are not printed there; these make it true.
  @Test func setsOfThePublishedFigures() throws {
    let first = ["nice", "dog", "car", "woman", "guy", "man", "people", "big", "house", "cat"]
    let firstShares = [0.14, 0.13, 0.12, 0.1, 0.095, 0.095, 0.09, 0.085, 0.085, 0.06]
    let second = ["drives", "is", "turns", "stops", "down", "a", "not", "the", "small", "told"]
    let secondShares = [0.5, 0.3, 0.17, 0.01, 0.006, 0.004, 0.004, 0.003, 0.002, 0.001]
    func kept(_ words: [String], _ shares: [Double], _ options: GenerateOptions) throws -> [String] {
      try Sampler(options).candidates(shares.map { Float(log($0)) }).map { words[Int($0.id)] }
    }
    #expect(try kept(first, firstShares, .init(topK: 6)) == Array(first.prefix(6)))
    #expect(try kept(second, secondShares, .init(topK: 6)) == Array(second.prefix(6)))
    #expect(try kept(first, firstShares, .init(topP: 0.92)) == Array(first.prefix(9)))
    #expect(try kept(second, secondShares, .init(topP: 0.92)) == Array(second.prefix(3)))
    #expect(try kept(first, firstShares, .init(topP: 0.01)) == ["nice"])
  }

  @Test func greedyTakesTheLikeliestAndOfEqualOnesTheLowestID() throws {
    let sampler = try Sampler(GenerateOptions(temperature: 0))
    #expect(try sampler.next([0, 3, 1, 3], after: [1]) == 1)
    #expect(try Sampler(GenerateOptions(topK: 2)).candidates([3, 1, 3, 3]).map(\.id) == [0, 2])
  }

  @Test func penaltyPrecedesGreedyChoice() throws {
    let sampler = try Sampler(GenerateOptions(temperature: 0, repetitionPenalty: 2))
    #expect(try sampler.next([0, 3, 2], after: [1, 1]) == 2)
    #expect(try sampler.next([-3, -1, -2.5], after: [1]) == 1)
    #expect(try sampler.next([-3, -1.5, -2.5], after: [1]) == 2)
  }

  @Test func choiceDependsOnSeedAndPositionOnly() throws {
    let logits: [Float] = (0..<50).map { Float($0 % 7) }
    let first = try Sampler(GenerateOptions(seed: 5))
    let second = try Sampler(GenerateOptions(seed: 5))
    _ = try second.next(logits, after: [1, 2, 3])
    for length in 1...20 {
      let ids = [Int32](repeating: 1, count: length)
      #expect(try first.next(logits, after: ids) == second.next(logits, after: ids))
    }
    let choices = try (1...20).map { try first.next(logits, after: .init(repeating: 1, count: $0)) }
    #expect(Set(choices).count > 5)
  }

  @Test func drawsFollowTheProbabilities() throws {
    let sampler = try Sampler(GenerateOptions(seed: 3))
    let logits = [0.5, 0.3, 0.2].map { Float(log($0)) }
    var counts = [0, 0, 0]
    for length in 1...3000 {
      counts[Int(try sampler.next(logits, after: .init(repeating: 0, count: length)))] += 1
    }
    for (count, share) in zip(counts, [0.5, 0.3, 0.2]) { #expect(abs(Double(count) / 3000 - share) < 0.04) }
  }

  /// Without top-k and top-p only a part of the tokens is put in order; the choice is that from all in order.
  @Test(arguments: [0.01, 0.3, 1, 3, 40] as [Float])
  func drawsFromAllAsFromTheOrderedCandidates(_ spread: Float) throws {
    let sampler = try Sampler(GenerateOptions(temperature: 0.7, seed: 3))
    var logits: [Float] = (0..<5000).map { Float(($0 * 7919) % 1009) / 100 * spread }
    for id in stride(from: 0, to: logits.count, by: 17) { logits[id] = -.infinity }
    let candidates = try sampler.candidates(logits)
    for point in stride(from: 0, to: 1, by: 0.0173) {
      var sum = 0.0
      let expected = candidates.first {
        sum += $0.probability
        return point < sum
      }
      #expect(try sampler.drawFromAll(logits, at: point) == expected?.id, "at \(point)")
    }
    #expect(try sampler.drawFromAll(logits, at: 1) == candidates.last?.id)
  }

  @Test func hookSeesTheModelsLogitsAndTheIDs() throws {
    var seen: [Int32] = []
    let sampler = try Sampler(
      GenerateOptions(temperature: 0) { logits, ids in
        seen = ids
        logits[2] = 100
      })
    #expect(try sampler.next([5, 1, 0], after: [7, 8]) == 2)
    #expect(seen == [7, 8])
  }

  @Test func excludedTokensAreNeverChosen() throws {
    let sampler = try Sampler(GenerateOptions(topK: 3, topP: 0.99, seed: 1))
    #expect(try sampler.candidates([-.infinity, 1, -.infinity]).map(\.id) == [1])
  }

  @Test func messages() throws {
    func message(_ options: GenerateOptions) -> String? {
      do { try options.validate() } catch { return "\(error)" }
      return nil
    }
    #expect(message(.init(maxTokens: 0)) == "max_tokens: a positive number expected, got 0")
    #expect(message(.init(temperature: -1)) == "temperature: a number from 0 on expected, got -1.0")
    #expect(message(.init(topK: 0)) == "top_k: a positive number expected, got 0")
    #expect(message(.init(topP: 1.5)) == "top_p: a number above 0 and up to 1 expected, got 1.5")
    #expect(message(.init(repetitionPenalty: 0)) == "repetition_penalty: a positive number expected, got 0.0")
    #expect(message(.init(stop: [""])) == "stop: text that is not empty expected, got \"\"")
    #expect(throws: DecodingError(argument: "logits", reason: "the value of token 1 is nan")) {
      try Sampler(GenerateOptions()).next([0, .nan], after: [1])
    }
    #expect(throws: DecodingError(argument: "logits", reason: "every token is excluded (-inf)")) {
      try Sampler(GenerateOptions()).next([-.infinity, -.infinity], after: [1])
    }
  }
}
