import Models
import Processes
import Tensors
import TestSupport
import Testing
import Tokenizers

@testable import Decoding

/// A batch gives for each prompt what a generator of its own gives.
@Suite struct GenerationBatchTests {
  private static let prompts: [[Int32]] = [
    [1, 70, 71], [1], [1, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90], [1, 70, 71], [1, 99, 98], [1, 200],
    [1, 201],
    [1, 202], [1, 203, 204], [1, 205],
  ]

  private func model(_ dtype: String = "f32", adapted: Bool = false) throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 259, hiddenSize: 64, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 96,
      numKeyValueHeads: 2)
    spec.maxPositionEmbeddings = 64
    spec.initializerRange = 0.3
    let quantized = ["int8", "nf4"].contains(dtype)
    let types = try WeightTypes(dtype: quantized ? nil : dtype, quantize: quantized ? dtype : nil)
    let model = try LanguageModel.new(spec, types: types, tokenizer: ByteTokenizer(), seed: 3)
    if adapted {
      try model.addLoRA(LoRAOptions(rank: 4, alpha: 8, targets: ["q", "v", "gate", "down"], seed: 1))
    }
    return model
  }

  private func alone(_ model: LanguageModel, _ options: GenerateOptions) throws -> [[Int32]] {
    try Self.prompts.map { prompt in
      let generator = try Generator(model: model, prompt: prompt, options: options)
      while try generator.next() != nil {}
      return generator.ids
    }
  }

  @Test(arguments: ["f32", "bf16", "int8", "nf4"], [false, true])
  func equalsSingleCalls(_ dtype: String, _ adapted: Bool) throws {
    let model = try model(dtype, adapted: adapted)
    for options in [
      GenerateOptions(maxTokens: 24, temperature: 0), .init(maxTokens: 24, temperature: 1.5, seed: 9),
      .init(maxTokens: 24, topK: 20, topP: 0.9, repetitionPenalty: 1.2, seed: 4),
    ] {
      let batch = try GenerationBatch(model: model, prompts: Self.prompts, options: options)
      #expect(try batch.ids() == alone(model, options))
      #expect(batch.generators.allSatisfy { $0.ending != nil })
    }
  }

  @Test func manyPromptsKeepFewCaches() throws {
    let ledger = StorageLedger()
    try StorageLedger.$current.withValue(ledger) {
      let model = try model()
      let prompts = (0..<20).map { [1, 60 + Int32($0)] }
      let batch = try GenerationBatch(
        model: model, prompts: prompts, options: GenerateOptions(maxTokens: 60, temperature: 0))
      #expect(ledger.liveBytes(of: .cache) == 0)
      let one = try Generator(
        model: model, prompt: [1, 60], options: GenerateOptions(maxTokens: 60, temperature: 0))
      let each = try withExtendedLifetime(one.cache()) { ledger.liveBytes(of: .cache) }
      one.forgetCache()
      var most = 0
      var live = Array(prompts.indices)
      while !live.isEmpty {
        live =
          zip(live, try batch.next(Array(live.prefix(8)))).compactMap { $1 == nil ? nil : $0 }
          + live.dropFirst(8)
        most = max(most, ledger.liveBytes(of: .cache))
      }
      #expect(each > 0 && most <= 8 * each && ledger.liveBytes(of: .cache) == 0)
      #expect(
        try batch.ids()
          == prompts.map { prompt in
            let alone = try Generator(
              model: model, prompt: prompt, options: GenerateOptions(maxTokens: 60, temperature: 0))
            while try alone.next() != nil {}
            return alone.ids
          })
    }
  }

  /// The logits of a step, before anything is chosen from them.
  @Test(arguments: ["f32", "bf16"]) func logitsHaveTheSameBits(_ dtype: String) throws {
    let transformer = try model(dtype).transformer
    let caches = try Self.prompts.map { try transformer.makeCache(capacity: $0.count + 2) }
    for (prompt, cache) in zip(Self.prompts, caches) { _ = try transformer.advance(prompt, cache: cache) }
    let alone = try zip(Self.prompts, caches).map { prompt, cache in
      defer { cache.truncate(to: prompt.count) }
      return try transformer.advance([Int32(prompt.count + 5)], cache: cache)
    }
    let together = try transformer.advance(Self.prompts.map { Int32($0.count + 5) }, caches: caches)
    #expect(together.map { $0.map(\.bitPattern) } == alone.map { $0.map(\.bitPattern) })
    #expect(caches.map(\.length) == Self.prompts.map { $0.count + 1 })
  }

  @Test func aFailureLeavesTheCachesAsTheyWere() throws {
    let transformer = try model().transformer
    let caches = try [3, 2].map { try transformer.makeCache(capacity: $0) }
    for cache in caches { _ = try transformer.advance([1, 2], cache: cache) }
    #expect(throws: ModelError(argument: "ids", reason: "3 tokens do not fit into the cache of 2")) {
      try transformer.advance([5, 5], caches: caches)
    }
    #expect(throws: ModelError(argument: "ids", reason: "token id 999 is not in the vocabulary of 259")) {
      try transformer.advance([999], caches: [caches[0]])
    }
    #expect(caches.map(\.length) == [2, 2])
  }

  /// Sequences end at their end tokens and stop strings, and the others go on.
  @Test func eachEndsOnItsOwn() throws {
    let model = try model()
    let words = ["好的。\n### End", "ab", "a###b", "雨"]
    let prompts = words.indices.map { [Int32](repeating: 70, count: $0 + 1) }
    var options = GenerateOptions(maxTokens: 40, temperature: 0, stop: ["###"])
    options.logits = { logits, ids in
      let prompt = ids.prefix { $0 == 70 }.count
      let bytes = Array(words[prompt - 1].utf8), place = ids.count - prompt
      logits[place < bytes.count ? Int(bytes[place]) + 3 : 2] = 1000
    }
    let batch = try GenerationBatch(model: model, prompts: prompts, options: options)
    #expect(try batch.texts() == ["好的。\n", "ab", "a", "雨"])
    let singles = try prompts.map {
      try TextStream(generator: Generator(model: model, prompt: $0, options: options), model: model).rest()
    }
    #expect(singles == ["好的。\n", "ab", "a", "雨"])
    #expect(batch.generators.map(\.ending) == [nil, .endToken(2), nil, .endToken(2)])
  }

  @Test func messagesNameThePrompt() throws {
    let model = try model()
    #expect(
      throws: DecodingError(
        argument: "max_tokens",
        reason:
          "in prompt 3: the prompt of 12 tokens and max_tokens 60 make 72, more than the model's context of 64"
      )
    ) { try GenerationBatch(model: model, prompts: Self.prompts, options: .init(maxTokens: 60)) }
    #expect(throws: DecodingError(argument: "prompt", reason: "in prompt 2: at least one token expected")) {
      try GenerationBatch(model: model, prompts: [[1], []], options: .init())
    }
    #expect(try GenerationBatch(model: model, prompts: [], options: .init()).ids().isEmpty)
  }
}
