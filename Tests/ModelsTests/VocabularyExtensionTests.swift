import Files
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

@Suite struct VocabularyExtensionTests {

  private func rows(_ parameter: Parameter, _ ids: [Int]) -> [Float] {
    ids.flatMap { Array(parameter.tensor.values[$0 * 32..<($0 + 1) * 32]) }
  }

  private func mean(_ parameter: Parameter, of pieces: [String]) throws -> [Float] {
    let tokenizer = try TinyTokenizer.make()
    let ids = try pieces.map { Int(try #require(tokenizer.id(of: $0))) }
    return (0..<32).map { column in
      Float(ids.reduce(0.0) { $0 + Double(parameter.tensor.values[$1 * 32 + column]) } / Double(ids.count))
    }
  }

  @Test("new rows are the mean of their old sub-pieces, old rows keep every bit", arguments: [false, true])
  func pieces(tied: Bool) throws {
    let model = try LanguageModel.new(.tiny(tied: tied), tokenizer: try TinyTokenizer.make(), seed: 2)
    let old = try Set(
      [model.transformer.named("model.embed_tokens.weight"), model.transformer.head].map(\.name))
    let before = try old.map { try model.transformer.named($0).tensor.values }
    let expected = try old.map { name in
      let matrix = try model.transformer.named(name)
      return try mean(matrix, of: ["▁", "x", "y", "z"]) + mean(matrix, of: ["q", "z"])
        + mean(matrix, of: ["z"])
    }
    #expect(try model.extendVocabulary(try TinyTokenizer.make(adding: ["▁xyz", "qz", "zzz"])) == 3)
    #expect(model.spec.vocabSize == 67)
    for (index, name) in old.enumerated() {
      let matrix = try model.transformer.named(name)
      #expect(matrix.shape == [67, 32])
      #expect(
        Array(matrix.tensor.values.prefix(64 * 32)).map(\.bitPattern) == before[index].map(\.bitPattern))
      #expect(rows(matrix, [64, 65, 66]) == expected[index])
    }
  }

  @Test func otherInitializers() throws {
    func extended(_ initializer: RowInitializer) throws -> [Float] {
      let model = try LanguageModel.new(.tiny(tied: true), tokenizer: try TinyTokenizer.make(), seed: 2)
      try model.extendVocabulary(try TinyTokenizer.make(adding: ["qz", "zq"]), initializer: initializer)
      return rows(model.transformer.head, [64, 65])
    }
    let mean = try extended(.mean)
    #expect(mean.prefix(32) == mean.suffix(32))
    #expect(try extended(.noise(seed: 1)) == extended(.noise(seed: 1)))
    #expect(try extended(.noise(seed: 1)) != extended(.noise(seed: 2)))
    let own = try extended(
      .closure { piece in
        [Float](repeating: Float(piece.id) + Float(piece.subpieces.count) / 10, count: piece.width)
      })
    #expect(own == [Float](repeating: 64.2, count: 32) + [Float](repeating: 65.2, count: 32))
    #expect(
      text { try extended(.closure { _ in [1] }) } == "initializer: 32 numbers expected for 'qz', got 1")
  }

  @Test func messages() throws {
    let model = try LanguageModel.new(.tiny(), tokenizer: try TinyTokenizer.make(), seed: 2)
    #expect(
      text { try model.extendVocabulary(try TinyTokenizer.make(Array(TinyTokenizer.base.dropLast()))) }
        == "tokenizer: 63 pieces would shrink the model's vocabulary of 64")
    var moved = TinyTokenizer.base
    moved.swapAt(10, 11)
    #expect(
      text { try model.extendVocabulary(try TinyTokenizer.make(moved, adding: ["qz"])) }
        == "tokenizer: id 10 is 'h', but 'g' in the model's tokenizer")
    let bare = try LanguageModel.new(.tiny(), seed: 2)
    #expect(
      text { try bare.extendVocabulary(try TinyTokenizer.make(adding: ["qz"])) }
        == "initializer: \"pieces\" needs the model's own tokenizer, and this model has none")
    #expect(
      text { try LanguageModel.new(.tiny(), tokenizer: try TinyTokenizer.make(adding: ["qz"])) }
        == "tokenizer: 65 pieces do not fit the model's vocabulary of 64; extend_vocabulary makes room")
  }

  @Test func configAndTokenizerAreSavedWithTheSameSize() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(.tiny(), tokenizer: try TinyTokenizer.make(), seed: 2)
    try model.extendVocabulary(try TinyTokenizer.make(adding: ["qz", "zq"]))
    try model.save(to: folder("m"))
    let config = try JSON.read(folder("m/config.json"))
    #expect(config["vocab_size"] == 66)
    #expect(try TokenizerFile.load(folder("m")).count == 66)
    #expect(try SafeTensorsFile(path: folder("m/model.safetensors"))["lm_head.weight"]?.shape == [66, 32])
  }
}
