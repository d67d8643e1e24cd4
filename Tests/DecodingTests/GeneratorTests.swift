import Files
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

@testable import Decoding

@Suite struct GeneratorTests {
  private func model(context: Int = 64) throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 259, hiddenSize: 16, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 24,
      numKeyValueHeads: 2)
    spec.maxPositionEmbeddings = context
    spec.initializerRange = 0.3
    return try .new(spec, tokenizer: ByteTokenizer(), seed: 3)
  }

  private func generate(_ model: LanguageModel, _ options: GenerateOptions) throws -> [Int32] {
    let generator = try Generator(model: model, prompt: [1, 70], options: options)
    while try generator.next() != nil {}
    return generator.ids
  }

  /// A hook that makes the generator write these tokens.
  private func writing(_ ids: [Int32], promptCount: Int = 1, _ options: GenerateOptions = .init())
    -> GenerateOptions
  {
    var options = options
    options.maxTokens = options.maxTokens ?? ids.count
    options.logits = { logits, context in logits[Int(ids[context.count - promptCount])] = 1000 }
    return options
  }

  @Test func cachedDecodingChoosesWhatFullRunsChoose() throws {
    let model = try model()
    let ids = try generate(
      model, .init(maxTokens: 20, temperature: 0, logits: { logits, _ in logits[2] = -.infinity }))
    #expect(ids.count == 22)
    for length in 2..<ids.count {
      let logits = try model.transformer.logits(Array(ids[..<length])).values.suffix(259)
      var values = Array(logits)
      values[2] = -.infinity
      #expect(try Sampler(.init(temperature: 0)).next(values, after: []) == ids[length])
    }
  }

  @Test func theSameSeedGivesTheSameText() throws {
    let model = try model()
    let options = GenerateOptions(maxTokens: 24, temperature: 2, seed: 9)
    #expect(try generate(model, options) == generate(model, options))
    #expect(try generate(model, options) != generate(model, .init(maxTokens: 24, temperature: 2, seed: 10)))
  }

  @Test func contextLimitNamesBothNumbers() throws {
    let model = try model(context: 16)
    #expect(
      throws: DecodingError(
        argument: "max_tokens",
        reason: "the prompt of 10 tokens and max_tokens 7 make 17, more than the model's context of 16")
    ) { try Generator(model: model, prompt: .init(repeating: 5, count: 10), options: .init(maxTokens: 7)) }
    #expect(
      try Generator(model: model, prompt: .init(repeating: 5, count: 10), options: .init()).maxTokens == 6)
    #expect(
      throws: DecodingError(
        argument: "prompt", reason: "16 tokens leave no room for an answer in the model's context of 16")
    ) { try Generator(model: model, prompt: .init(repeating: 5, count: 16), options: .init()) }
  }

  @Test func anEndTokenEndsAndIsNotAmongTheIDs() throws {
    let generator = try Generator(model: try model(), prompt: [1], options: writing([70, 71, 2, 72]))
    var ids: [Int32] = []
    while let id = try generator.next() { ids.append(id) }
    #expect(ids == [70, 71])
    #expect(generator.ending == .endToken(2))
  }

  @Test func streamsWholeCharactersOnly() throws {
    let text = "a雨🐦‍⬛é燕"
    let bytes = text.utf8.map { 3 + Int32($0) }
    let model = try model()
    let generator = try Generator(model: model, prompt: [1], options: writing(bytes))
    let stream = try TextStream(generator: generator, model: model)
    var pieces: [String] = []
    while let piece = try stream.next() { pieces.append(piece) }
    #expect(pieces.joined() == text)
    #expect(pieces.allSatisfy { !$0.unicodeScalars.contains("\u{FFFD}") })
    #expect(pieces.count == text.unicodeScalars.count)
    #expect(generator.ending == .length)
  }

  @Test func aCharacterCutByMaxTokensIsLeftOut() throws {
    let model = try model()
    let bytes = "好🐦".utf8.map { 3 + Int32($0) }
    let generator = try Generator(model: model, prompt: [1], options: writing(bytes, .init(maxTokens: 5)))
    #expect(try TextStream(generator: generator, model: model).rest() == "好")
  }

  @Test func stopStringsEndTheTextAndNeverShow() throws {
    let model = try model()
    let bytes = "好的。\n### End".utf8.map { 3 + Int32($0) }
    let options = writing(bytes, .init(stop: ["\n###"]))
    let generator = try Generator(model: model, prompt: [1], options: options)
    let stream = try TextStream(generator: generator, model: model)
    #expect(try stream.rest() == "好的。")
    #expect(stream.hasStopped)
    #expect(generator.generated.count == "好的。\n###".utf8.count)
  }

  /// reference.json comes from the published llama2.c and its own forward pass.
  @Test(.enabled(if: RealData.isAvailable)) func stories260KWritesThePublishedText() throws {
    let model = try LanguageModel.load(
      RealData.path("model/stories260K/stories260K.bin"),
      tokenizerPath: RealData.path("model/stories260K/tok512.bin"))
    let reference = try JSON.read(RealData.path("model/stories260K/reference.json"))
    let expected = try #require(reference["greedy"]?["ids"]?.arrayValue).map { Int32($0.intValue ?? -1) }
    let generator = try Generator(model: model, prompt: [1], options: .init(maxTokens: 255, temperature: 0))
    while try generator.next() != nil {}
    #expect(generator.ids == expected)
    let text = try TextStream(
      generator: Generator(model: model, prompt: [1], options: .init(maxTokens: 255, temperature: 0)),
      model: model)
    let story = try text.rest()
    #expect(story.hasPrefix("Once upon a time, there was a little girl named Lily."))
  }
}
