import Files
import Models
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Tokenizers

@Suite struct LanguageModelTests {
  private let ids: [Int32] = [1, 5, 40, 33, 2]

  @Test("saved and loaded: the same bits", arguments: [false, true])
  func roundTrip(tied: Bool) throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(
      .tiny(tied: tied, kvHeads: 2), tokenizer: try TinyTokenizer.make(), seed: 5)
    model.template = ChatTemplate.all.first
    try model.save(to: folder("a"))
    let loaded = try LanguageModel.load(folder("a"))
    #expect(loaded.spec == model.spec)
    #expect(loaded.template == model.template)
    #expect(loaded.tokenizer?.fingerprint == model.tokenizer?.fingerprint)
    #expect(try loaded.transformer.plainLogits(ids) == model.transformer.plainLogits(ids))
    try loaded.save(to: folder("b"))
    for name in ["model.safetensors", "config.json", "generation_config.json", "tokenizer.model"] {
      #expect(try FileSystem.read(folder("a/" + name)) == FileSystem.read(folder("b/" + name)), "\(name)")
    }
    // Onto itself: what is mapped is not what is written.
    try loaded.save(to: folder("a"))
    #expect(try loaded.transformer.plainLogits(ids) == model.transformer.plainLogits(ids))
    #expect(
      try LanguageModel.load(folder("a")).transformer.plainLogits(ids) == model.transformer.plainLogits(ids))
    #expect(try Set(FileSystem.list(folder.path)) == ["a", "b"])
  }

  @Test func shardsAreWrittenAndRead() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(.tiny(), seed: 5)
    try model.save(to: folder("m"), dtype: "f32")
    try model.save(to: folder("m"), shardBytes: 20_000)
    let names = try FileSystem.list(folder("m"))
    #expect(!names.contains("model.safetensors"))
    #expect(names.contains("model.safetensors.index.json"))
    #expect(names.filter { $0.hasPrefix("model-0000") }.count > 2)
    #expect(
      try LanguageModel.load(folder("m")).transformer.plainLogits(ids) == model.transformer.plainLogits(ids))
    let shard = try #require(names.sorted().first { $0.hasPrefix("model-0000") })
    try FileSystem.remove(folder("m/" + shard))
    #expect(text { try LanguageModel.load(folder("m")) } == "\(folder("m/" + shard)): no such file or folder")
  }

  @Test(
    "what ends an answer for Transformers does so here",
    arguments: [
      (#", "eos_token_id": 2"#, "[2, 5]", [2, 5]), (#", "eos_token_id": 2"#, "9", [2, 9]), ("", "9", [9]),
      ("", "null", [2]),
    ])
  func endTokens(_ config: String, _ generation: String, _ expected: [Int]) throws {
    let folder = try TemporaryFolder()
    try LanguageModel.new(.tiny(), seed: 5).save(to: folder("m"))
    let path = folder("m/config.json")
    guard case .object(var fields) = try JSON.read(path) else {
      Issue.record("config.json holds no object")
      return
    }
    fields["eos_token_id"] = nil
    let text = JSON.object(fields).text()
    try AtomicFile.write(String(text.dropLast()) + config + "}", to: path)
    try AtomicFile.write(#"{"eos_token_id": \#(generation)}"#, to: folder("m/generation_config.json"))
    #expect(try LanguageModel.load(folder("m")).spec.eosTokenIDs == expected)
  }

  @Test func savingTakesOverOtherFilesAndReplacesItsOwn() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(.tiny(), seed: 5)
    try FileSystem.makeFolders(folder("m/notes"))
    try AtomicFile.write("mine", to: folder("m/notes/a.txt"))
    try AtomicFile.write("old", to: folder("m/pytorch_model.bin"))
    try model.save(to: folder("m"))
    #expect(try FileSystem.read(folder("m/notes/a.txt")) == Array("mine".utf8))
    #expect(!FileSystem.exists(folder("m/pytorch_model.bin")))
    try AtomicFile.write("x", to: folder("file"))
    #expect(text { try model.save(to: folder("file")) } == "\(folder("file")): is a file, a folder is needed")
  }

  @Test("halves are rounded once", arguments: [("bf16", Float(0.004)), ("f16", 0.0005)])
  func halves(_ dtype: String, _ relative: Float) throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(.tiny(), seed: 5)
    try model.save(to: folder("m"), dtype: dtype)
    let loaded = try LanguageModel.load(folder("m"))
    for (a, b) in zip(loaded.transformer.parameters, model.transformer.parameters) {
      #expect(a.tensor.isClose(to: b.tensor, relative: relative), "\(a.name)")
    }
    try loaded.save(to: folder("again"), dtype: dtype)
    #expect(
      try FileSystem.read(folder("again/model.safetensors")) == FileSystem.read(folder("m/model.safetensors"))
    )
  }

  @Test func initialWeightsDependOnSeedAndNameOnly() throws {
    let one = try LanguageModel.new(.tiny(), seed: 7).transformer
    var spec = ModelSpec.tiny(tied: true)
    spec.numHiddenLayers = 1
    let other = try LanguageModel.new(spec, seed: 7).transformer
    for parameter in other.parameters {
      #expect(try one.named(parameter.name).tensor.values == parameter.tensor.values)
    }
    #expect(try LanguageModel.new(spec, seed: 8).transformer.head.tensor.values != other.head.tensor.values)
    let values = one.head.tensor.values
    let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
    #expect(abs(deviation - 0.2) < 0.02)
    #expect(try one.named("model.norm.weight").tensor.values.allSatisfy { $0 == 1 })
  }

  @Test func aTiedMatrixGetsTheGradientsOfBothUses() throws {
    let model = try LanguageModel.new(.tiny(tied: true), seed: 7).transformer
    let ids: [Int32] = [3, 9, 3, 7], targets: [Int32] = [9, 3, 7, -1]
    try model.loss(ids: ids, targets: targets, documents: [4]).backward()
    let gradient = try #require(model.head.tensor.grad).values
    let weights = model.trainable[0].tensor
    for index in [3 * 32 + 1, 9 * 32 + 30, 7 * 32, 50 * 32 + 4] {
      let kept = weights.pointer[index]
      func loss(_ change: Float) throws -> Double {
        weights.pointer[index] = kept + change
        return try withoutGradients {
          Double(try model.loss(ids: ids, targets: targets, documents: [4]).item())
        }
      }
      let difference = (try loss(0.01) - loss(-0.01)) / 0.02
      weights.pointer[index] = kept
      #expect(abs(difference - Double(gradient[index])) < 2e-2 * max(0.1, abs(difference)))
    }
  }

  @Test func documentsOfARowDoNotSeeEachOther() throws {
    let model = try LanguageModel.new(.tiny(kvHeads: 2), seed: 7).transformer
    try withoutGradients {
      let alone = try model.hidden([8, 9, 10], documents: [3]).values
      let packed = try model.hidden([1, 2, 3, 4, 8, 9, 10], documents: [4, 3]).values
      let other = try model.hidden([60, 61, 62, 63, 8, 9, 10], documents: [4, 3]).values
      #expect(Array(packed.suffix(96)).isClose(to: alone, relative: 1e-6))
      #expect(packed.suffix(96) == other.suffix(96))
    }
  }

  @Test func messagesOfUse() throws {
    let model = try LanguageModel.new(.tiny(), seed: 5)
    let long = [Int32](repeating: 1, count: 65)
    #expect(
      text { try model.transformer.logits(long) }
        == "ids: 65 tokens do not fit into the model's context of 64")
    #expect(
      text { try model.transformer.makeCache(capacity: 100) }
        == "capacity: 100 tokens do not fit into the model's context of 64")
    let cache = try model.transformer.makeCache(capacity: 4)
    _ = try model.transformer.advance([1, 2, 3], cache: cache)
    #expect(
      text { try model.transformer.advance([1, 2], cache: cache) }
        == "ids: 5 tokens do not fit into the cache of 4")
    #expect(
      text { try model.transformer.advance([64], cache: cache) }
        == "ids: token id 64 is not in the vocabulary of 64")
    #expect(cache.length == 3)
    #expect(text { try model.transformer.logits([]) } == "ids: at least one token id expected")
    #expect(
      text { try model.transformer.hidden([1, 2], documents: [1]) }
        == "documents: lengths that sum to 2 expected, got 1")
    #expect(
      text { try model.trainOnly(["embeddings"]) }
        == "names: unknown name 'embeddings': embedding, head, norms, layers, all, none are known")
    #expect(
      text { try model.trainOnly([]) } == "names: at least one name expected; \"none\" freezes everything")
    #expect(text { try model.trainOnly(["none", "head"]) } == "names: \"none\" stands alone")
    #expect(
      text { try model.save(to: "x", dtype: "f64") } == "dtype: \"f64\" is not supported: f32, f16, bf16 are")
    #expect(
      text { _ = try WeightTypes(dtype: "f16", quantize: nil) }
        == "dtype: \"f32\" or \"bf16\" expected, got \"f16\"")
    #expect(
      text { _ = try WeightTypes(dtype: nil, quantize: "fp4") }
        == "quantize: \"int8\" or \"nf4\" expected, got \"fp4\"")
  }

  @Test func messagesOfFolders() throws {
    let folder = try TemporaryFolder()
    #expect(text { try LanguageModel.load(folder("no")) } == "\(folder("no")): no such file or folder")
    #expect(
      text { try LanguageModel.load(folder.path) } == "\(folder("config.json")): no such file or folder")
    let model = try LanguageModel.new(.tiny(), seed: 5)
    try model.save(to: folder("m"))
    let path = folder("m/model.safetensors"), good = try FileSystem.read(path)

    try AtomicFile.write(Array(good.dropLast(7)), to: path)
    let cut = text { try LanguageModel.load(folder("m")) }
    #expect(
      cut.hasPrefix("\(path): field 'model.norm.weight': bytes ") && cut.hasSuffix(": it is cut short"),
      "\(cut)")

    try FileSystem.remove(path)
    #expect(
      text { try LanguageModel.load(folder("m")) }
        == "\(folder("m")): no model.safetensors and no model.safetensors.index.json in this folder")
    try AtomicFile.write("x", to: folder("m/pytorch_model.bin"))
    #expect(
      text { try LanguageModel.load(folder("m")) }
        == "\(folder("m/pytorch_model.bin")): PyTorch's pickled weights are not read: save the model as safetensors"
    )

    let one = Tensor.sample([3])
    try SafeTensorsWriter.write([.init(name: "stray", shape: [3]) { one }], to: path)
    #expect(
      text { try LanguageModel.load(folder("m")) }
        == "\(folder("m")): tensors are missing: model.embed_tokens.weight, model.layers.0.self_attn.q_proj.weight, "
        + "model.layers.0.self_attn.k_proj.weight, model.layers.0.self_attn.v_proj.weight and 17 more")
    try SafeTensorsWriter.write(
      [.init(name: "stray", shape: [3]) { one }]
        + model.transformer.parameters.map { parameter in
          .init(name: parameter.name, shape: parameter.shape) { parameter.tensor }
        }, to: path)
    #expect(
      text { try LanguageModel.load(folder("m")) }
        == "\(folder("m")): tensors that config.json does not account for: stray")

    try AtomicFile.write(good, to: path)
    var config = try JSON.read(folder("m/config.json")).objectValue ?? [:]
    config["intermediate_size"] = 49
    try AtomicFile.write(JSON.object(config).text(), to: folder("m/config.json"))
    #expect(
      text { try LanguageModel.load(folder("m")) }
        == "\(path): field 'model.layers.0.mlp.gate_proj.weight': shape [49, 32] expected by config.json, got [48, 32]"
    )
  }
}
