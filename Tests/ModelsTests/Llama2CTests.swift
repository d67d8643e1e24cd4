import Files
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

@Suite struct Llama2CTests {
  /// Seven integers and this many floats of zero.
  private func write(_ header: [Int32], floats: Int, to path: String) throws {
    let bytes = header.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    try AtomicFile.write(bytes + [UInt8](repeating: 0, count: 4 * floats), to: path)
  }

  // dim 8, hidden 12, 1 layer, 2 heads, 1 kv head, vocabulary 10, context 4.
  private let header: [Int32] = [8, 12, 1, 2, 1, 10, 4]
  private let floats = 10 * 8 + 8 + 64 + 32 + 32 + 64 + 8 + 96 * 3 + 8 + 4 * 4

  @Test func sizesAreComparedWithTheFile() throws {
    let folder = try TemporaryFolder()
    let path = folder("x.bin")
    try write(header, floats: floats, to: path)
    #expect(try LanguageModel.load(path).spec.tieWordEmbeddings)
    var untied = header
    untied[5] = -10
    try write(untied, floats: floats + 80, to: path)
    #expect(try LanguageModel.load(path).spec.tieWordEmbeddings == false)
    try write(untied, floats: floats, to: path)
    #expect(
      text { try LanguageModel.load(path) }
        == "\(path): \(28 + 4 * (floats + 80)) bytes expected for dim 8, 1 layers and vocabulary 10, got \(28 + 4 * floats)"
    )
    try write([8, 12, 1], floats: 0, to: path)
    #expect(
      text { try LanguageModel.load(path) }
        == "\(path): 12 bytes are too few for a llama2.c checkpoint, whose header alone takes 28")
    try write([8, 12, 1, 0, 1, 10, 4], floats: 0, to: path)
    #expect(
      text { try LanguageModel.load(path) }
        == "\(path): field 'n_heads': 0 cannot be: not a llama2.c checkpoint")
    try write([0x616B_3432, 1, 1, 1, 1, 1, 1], floats: 0, to: path)
    #expect(
      text { try LanguageModel.load(path) }
        == "\(path): a llama2.c checkpoint of version 1: version 0 is read")
    try write(header, floats: floats, to: folder("x.pt"))
    #expect(
      text { try LanguageModel.load(folder("x.pt")) }
        == "\(folder("x.pt")): a model folder or a llama2.c checkpoint (.bin) is needed")
  }

  @Test(.enabled(if: RealData.isAvailable))
  func stories() throws {
    let path = try RealData.path("model/stories260K/stories260K.bin")
    let reference = try JSON.read(try RealData.path("model/stories260K/reference.json"))
    let model = try LanguageModel.load(
      path, tokenizerPath: try RealData.path("model/stories260K/tok512.bin"))
    #expect(model.parameterCount == 260_032)
    let greedy = ids(reference["greedy"]?["ids"])
    let cache = try model.transformer.makeCache(capacity: 512)
    var made: [Int32] = [1]
    while made.count < greedy.count {
      let logits = try model.transformer.advance([try #require(made.last)], cache: cache)
      made.append(Int32(try #require(logits.indices.max { logits[$0] < logits[$1] })))
    }
    #expect(made == greedy)

    let prompt = try #require(reference["prompt"])
    let promptIDs = ids(prompt["ids"])
    let logits = try model.transformer.advance(
      promptIDs, cache: try model.transformer.makeCache(capacity: 64))
    for (value, expected) in zip(logits, prompt["last_logits_first8"]?.arrayValue ?? []) {
      #expect(abs(Double(value) - (expected.doubleValue ?? .nan)) < 1e-4)
    }
    for pair in prompt["top5"]?.arrayValue ?? [] {
      let id = try #require(pair.arrayValue?[0].intValue),
        expected = try #require(pair.arrayValue?[1].doubleValue)
      #expect(abs(Double(logits[id]) - expected) < 1e-4)
    }

    // As a Hugging Face folder it is the same model, bit for bit.
    let folder = try TemporaryFolder()
    try model.save(to: folder("hf"))
    let loaded = try LanguageModel.load(folder("hf"))
    #expect(try loaded.transformer.plainLogits(promptIDs) == model.transformer.plainLogits(promptIDs))
    #expect(
      try loaded.tokenizer?.encode("Once upon a time, there was a little girl named Lily.")
        == Array(promptIDs.dropFirst()))
  }

  @Test(.enabled(if: RealData.isAvailable))
  func likelihoodOfAText() throws {
    let reference = try JSON.read(try RealData.path("model/stories260K/reference.json"))
    let model = try LanguageModel.load(try RealData.path("model/stories260K/stories260K.bin"))
    let text = ids(reference["eval"]?["ids"])
    let scores = try model.transformer.tokenScores(
      ids: text, targets: Array(text.dropFirst()) + [-1], documents: [text.count])
    let nll = -scores.compactMap { $0?.logProbability }.reduce(0, +) / Double(text.count - 1)
    let expected = try #require(
      reference["eval"]?["nll_mean"]?.doubleValue ?? reference["eval"]?["nll"]?.doubleValue)
    #expect(abs(nll - expected) < 1e-4)
  }

  private func ids(_ json: JSON?) -> [Int32] {
    json?.arrayValue?.compactMap { $0.intValue.map(Int32.init) } ?? []
  }
}
