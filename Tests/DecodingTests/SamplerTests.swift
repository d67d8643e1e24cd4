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

  /// The figure of Hugging Face's text on decoding: after "The", nice .5, dog .4, car .1; after "The car" a flat tail.
  @Test func setsOfThePublishedFigure() throws {
    let names = ["nice", "dog", "car", "woman", "guy", "man", "people", "big", "house", "cat"]
    let shares = [0.32, 0.13, 0.1, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02]
    let logits = shares.map { Float(log($0)) }
    func kept(_ options: GenerateOptions) throws -> [String] {
      try Sampler(options).candidates(logits).map { names[Int($0.id)] }
    }
    #expect(try kept(.init(topK: 6)) == Array(names.prefix(6)))
    // Of 0.9 in all: .32 + .13 + .1 + .08 + .07 + .06 = .76 is the first sum to reach 0.8 x 0.9 = .72.
    #expect(try kept(.init(topP: 0.8)) == Array(names.prefix(6)))
    #expect(try kept(.init(topP: 0.01)) == ["nice"])
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
    for length in 1...3000 { counts[Int(try sampler.next(logits, after: .init(repeating: 0, count: length)))] += 1 }
    for (count, share) in zip(counts, [0.5, 0.3, 0.2]) { #expect(abs(Double(count) / 3000 - share) < 0.04) }
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
