import Files
import Models
import OrderedCollections
import Tensors
import TestSupport
import Testing
import Tokenizers

/// Adapters written by PEFT (scripts/fixtures/peft_adapter.py) and adapters written here.
@Suite struct AdapterTests {
  @Test("an adapter of PEFT's gives PEFT's logits", arguments: ["untied", "tied", "parted", "extended"])
  func loads(_ name: String) throws {
    let expected = try JSON.read(try Fixtures.path("peft/\(name)/expected.json"))
    let ids = expected["ids"]?.arrayValue?.compactMap { $0.intValue.map(Int32.init) } ?? []
    let logits = (expected["logits"]?.arrayValue ?? []).flatMap { $0.arrayValue ?? [] }.compactMap(
      \.doubleValue)
    let model = try LanguageModel.load(try Fixtures.path("peft/\(name)/base"))
    try model.loadAdapter(from: try Fixtures.path("peft/\(name)/adapter"))
    #expect(try model.transformer.plainLogits(ids).isClose(to: logits.map { Float($0) }))
    #expect(model.spec.tieWordEmbeddings == (name == "tied"))

    let folder = try TemporaryFolder()
    try model.saveAdapter(to: folder("adapter"))
    let again = try LanguageModel.load(try Fixtures.path("peft/\(name)/base"))
    try again.loadAdapter(from: folder("adapter"))
    #expect(try again.transformer.plainLogits(ids) == model.transformer.plainLogits(ids))

    try model.save(to: folder("whole"))
    try model.mergeLoRA()
    let merged = try LanguageModel.load(folder("whole"))
    #expect(try merged.transformer.plainLogits(ids) == model.transformer.plainLogits(ids))
    #expect(try merged.transformer.plainLogits(ids).isClose(to: logits.map { Float($0) }))
  }

  @Test func aSavedBaseTakesThePlaceOfWhatWasLoaded() throws {
    let folder = try TemporaryFolder()
    let path = try Fixtures.path("peft/tied/base")
    let model = try LanguageModel.load(path)
    func baseOfAdapter() throws -> String? {
      try model.addLoRA(LoRAOptions(rank: 2))
      try model.saveAdapter(to: folder("adapter"))
      try model.detachLoRA()
      return try JSON.read(folder("adapter/adapter_config.json"))["base_model_name_or_path"]?.stringValue
    }
    try model.save(to: folder("copy"))
    #expect(try baseOfAdapter() == path)
    try model.save(to: folder("base"), base: true)
    #expect(try baseOfAdapter() == folder("base"))
    try model.addLoRA(LoRAOptions(rank: 2))
    let b = try #require(model.transformer.parameters.first { $0.name.contains("lora_B") })
    b.tensor.pointer[0] = 1
    #expect(
      text { try model.save(to: folder("other"), base: true) }
        == "base: the adapter is merged into what is written, so it cannot go onto it: merge_lora or detach_lora first"
    )
  }

  @Test("extended, adapted, saved: the original base gives the same bits", arguments: [false, true])
  func extendedVocabulary(tied: Bool) throws {
    let folder = try TemporaryFolder()
    let ids: [Int32] = [1, 5, 70, 79, 33, 64]
    let model = try LanguageModel.new(.tiny(tied: tied), tokenizer: try TinyTokenizer.make(), seed: 3)
    try model.save(to: folder("base"))
    let more = (0..<16).map { "qz" + String(repeating: "x", count: $0) }
    let tokenizer = try TinyTokenizer.make(adding: more)
    try model.extendVocabulary(tokenizer)
    try model.addLoRA(.init(rank: 4, alpha: 8, targets: ["q", "down"], train: ["embedding"]))
    try model.disturb()
    model.template = ChatTemplate.all.first
    try model.saveAdapter(to: folder("adapter"))

    let fresh = try LanguageModel.load(folder("base"))
    #expect(fresh.spec.vocabSize == 64)
    try fresh.loadAdapter(from: folder("adapter"))
    #expect(fresh.spec.vocabSize == 80)
    #expect(fresh.tokenizer?.fingerprint == tokenizer.fingerprint)
    #expect(fresh.template == model.template)
    #expect(try fresh.transformer.plainLogits(ids) == model.transformer.plainLogits(ids))
    // 80 rows of 32 twice (tied: PEFT writes the head as well), adapters on two linears of two layers, names.
    let size = try FileSystem.size(folder("adapter/adapter_model.safetensors"))
    #expect(size < 2 * 80 * 32 * 4 + 2 * 4 * (32 + 32 + 48 + 32) * 4 + 2000)
  }

  @Test func namesAndShapesAreThoseOfPEFT() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.load(try Fixtures.path("peft/untied/base"))
    try model.addLoRA(
      .init(rank: 4, alpha: 8, targets: LoRAOptions.allTargets, train: ["embedding", "head"]))
    try model.disturb()
    try model.saveAdapter(to: folder("adapter"))
    let ours = try SafeTensorsFile(path: folder("adapter/adapter_model.safetensors"))
    let theirs = try SafeTensorsFile(path: try Fixtures.path("peft/untied/adapter/adapter_model.safetensors"))
    #expect(ours.metadata == theirs.metadata)
    #expect(ours.entries.map(\.name).sorted() == theirs.entries.map(\.name).sorted())
    for entry in theirs.entries { #expect(ours[entry.name]?.shape == entry.shape, "\(entry.name)") }
    let config = try JSON.read(folder("adapter/adapter_config.json"))
    let model2 = try JSON.read(try Fixtures.path("peft/untied/adapter/adapter_config.json"))
    for (key, value) in config.objectValue ?? [:]
    where !["target_modules", "base_model_name_or_path"].contains(key) {
      #expect(model2[key] == value, "\(key)")
    }
    let targets = { (json: JSON) in Set(json["target_modules"]?.arrayValue?.compactMap(\.stringValue) ?? []) }
    #expect(targets(config) == targets(model2))
  }

  @Test func theTiedFormIsThatOfPEFT() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.load(try Fixtures.path("peft/tied/base"))
    try model.addLoRA(.init(rank: 4, alpha: 8, targets: ["q", "v"], train: ["embedding"]))
    try model.disturb()
    try model.saveAdapter(to: folder("adapter"))
    let ours = try SafeTensorsFile(path: folder("adapter/adapter_model.safetensors"))
    let theirs = try SafeTensorsFile(path: try Fixtures.path("peft/tied/adapter/adapter_model.safetensors"))
    #expect(ours.entries.map(\.name).sorted() == theirs.entries.map(\.name).sorted())
    #expect(try JSON.read(folder("adapter/adapter_config.json"))["ensure_weight_tying"] == true)
  }

  @Test func aNewAdapterChangesNothing() throws {
    let model = try LanguageModel.new(.tiny(), seed: 1)
    let before = try model.transformer.plainLogits([1, 2, 3])
    try model.addLoRA(.init(rank: 4, targets: LoRAOptions.allTargets))
    #expect(try model.transformer.plainLogits([1, 2, 3]) == before)
    let a = try model.transformer.named("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight")
      .tensor.values
    let bound = 1 / Float(32).squareRoot()
    #expect(a.allSatisfy { abs($0) <= bound } && a.contains { abs($0) > 0.9 * bound })
    #expect(
      model.trainableCount == model.transformer.parameters.filter(\.isAdapter).reduce(0) { $0 + $1.count })
  }

  @Test func mergingEqualsTheAdapterAndTrainingLeavesTheBaseAlone() throws {
    let model = try LanguageModel.new(.tiny(kvHeads: 2), seed: 1)
    let ids: [Int32] = [4, 9, 60, 2, 31]
    let weight = try model.transformer.named("model.layers.1.self_attn.q_proj.weight")
    let before = weight.tensor.values
    try model.addLoRA(.init(rank: 4, alpha: 8, targets: LoRAOptions.allTargets, train: ["norms"]))
    try model.disturb()
    #expect(weight.tensor.values == before)
    let adapted = try model.transformer.plainLogits(ids)
    try model.mergeLoRA()
    #expect(try model.transformer.plainLogits(ids).isClose(to: adapted))
    #expect(weight.tensor.values != before)
    #expect(model.lora == nil)
  }

  @Test func dropoutIsKeyed() throws {
    let model = try LanguageModel.new(.tiny(), seed: 1)
    try model.addLoRA(.init(rank: 4, dropout: 0.5))
    try model.disturb()
    func loss(_ key: RandomKey?) throws -> Float {
      try model.transformer.loss(ids: [1, 2, 3], targets: [2, 3, -1], documents: [3], dropout: key).item()
    }
    let key = RandomKey(seed: 1, "dropout", 4)
    #expect(try loss(key) == loss(key))
    #expect(try loss(key) != loss(RandomKey(seed: 1, "dropout", 5)))
    #expect(try loss(nil) == loss(nil))
  }

  @Test func messages() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(.tiny(), seed: 1)
    #expect(
      text { try model.saveAdapter(to: folder("a")) } == "lora: there is no adapter: add_lora makes one")
    #expect(text { try model.mergeLoRA() } == "lora: there is no adapter to merge")
    #expect(
      text { try model.addLoRA(.init(targets: ["q", "query"])) }
        == "targets: unknown name 'query': q, k, v, o, gate, up, down are known")
    #expect(
      text { try model.addLoRA(.init(train: ["layers"])) }
        == "train: unknown name 'layers': embedding, head, norms are known")
    #expect(text { try model.addLoRA(.init(rank: 0)) } == "rank: a positive number expected, got 0")
    #expect(
      text { try model.addLoRA(.init(dropout: 1)) } == "dropout: a number from 0 up to 1 expected, got 1.0")
    try model.addLoRA(.init())
    #expect(
      text { try model.addLoRA(.init()) }
        == "lora: there is an adapter already: merge it or take it off first")
    #expect(
      text { try model.saveAdapter(to: folder("a")) }
        == "lora: this model was never saved: save first the base that the adapter goes onto")
    #expect(
      text { try model.extendVocabulary(try TinyTokenizer.make(adding: ["qz"])) }
        == "tokenizer: an adapter is attached: extend the vocabulary before add_lora")
  }

  @Test func trainedLayersDoNotFitIntoAnAdapter() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(.tiny(), seed: 1)
    try model.save(to: folder("base"))
    try model.disturb()
    try model.addLoRA(.init())
    #expect(
      text { try model.saveAdapter(to: folder("a")) }
        == "lora: 'model.layers.0.self_attn.q_proj.weight' was trained since the base was loaded, which an adapter cannot hold: save the model"
    )
  }

  @Test func aBaseOfAnotherVocabularyIsRefusedWithBothSizes() throws {
    let folder = try TemporaryFolder()
    var spec = ModelSpec.tiny(kvHeads: 2)
    spec.vocabSize = 100
    try LanguageModel.new(spec, seed: 1).save(to: folder("base"))
    let other = try LanguageModel.load(folder("base"))
    let path = try Fixtures.path("peft/extended/adapter")
    #expect(
      text { try other.loadAdapter(from: path) }
        == "\(path)/adapter_model.safetensors: the adapter's vocabulary has 72 pieces, but this base has 100")

    let model = try LanguageModel.new(.tiny(), tokenizer: try TinyTokenizer.make(), seed: 3)
    try model.save(to: folder("small"))
    try model.extendVocabulary(try TinyTokenizer.make(adding: ["qz", "xz"]))
    try model.addLoRA(.init())
    try model.saveAdapter(to: folder("adapter"))
    #expect(
      text { try other.loadAdapter(from: folder("adapter")) }
        == "\(folder("adapter"))/adapter_model.safetensors: the adapter takes a vocabulary of 64 to 66, but this base has 100"
    )
  }

  @Test(
    "what an adapter asks beyond plain LoRA is refused by name",
    arguments: [
      ("use_rslora", "true"), ("use_dora", "true"), ("rank_pattern", "{\"q_proj\": 8}"),
      ("alpha_pattern", "{\"q_proj\": 8}"),
      ("trainable_token_indices", "[1]"), ("bias", "\"all\""), ("fan_in_fan_out", "true"),
      ("layers_to_transform", "[0]"),
      ("a_later_invention", "1"),
    ])
  func refusals(_ field: String, _ value: String) throws {
    let folder = try TemporaryFolder()
    let source = try Fixtures.path("peft/untied/adapter")
    var config = try JSON.read(source + "/adapter_config.json").objectValue ?? [:]
    let wanted = try JSON.parse(value)
    config[field] = wanted
    try AtomicFile.write(JSON.object(config).text(), to: folder("adapter_config.json"))
    let model = try LanguageModel.load(try Fixtures.path("peft/untied/base"))
    #expect(
      text { try model.loadAdapter(from: folder.path) }
        == "\(folder("adapter_config.json")): field '\(field)': \(wanted.text()) is not supported")
  }

  @Test func foldersThatDoNotFit() throws {
    let folder = try TemporaryFolder()
    let model = try LanguageModel.new(.tiny(), tokenizer: try TinyTokenizer.make(), seed: 3)
    try model.save(to: folder("base"))
    try model.addLoRA(.init(rank: 2, targets: ["q"]))
    try model.saveAdapter(to: folder("a"))
    let path = folder("a/adapter_model.safetensors")
    let stem = "base_model.model.model.layers.0.self_attn.q_proj"
    func load() throws {
      let fresh = try LanguageModel.load(folder("base"))
      let before = try fresh.transformer.plainLogits([1, 2])
      do { try fresh.loadAdapter(from: folder("a")) } catch {
        #expect(fresh.lora == nil)
        #expect(try fresh.transformer.plainLogits([1, 2]) == before)
        throw error
      }
    }
    func write(_ names: [(String, [Int])]) throws {
      try SafeTensorsWriter.write(
        names.map { name, shape in WritableTensor(name: name, shape: shape) { Tensor.sample(shape) } },
        to: path)
    }
    try load()

    try TinyTokenizer.make(Array(TinyTokenizer.base.dropLast())).saveFolderFiles(to: folder("a"))
    #expect(
      text { try load() }
        == "\(folder("a/yuyan_adapter.json")): field 'tokenizer_sha256': the tokenizer in this folder is not the one the "
        + "adapter was trained with")

    try write([(stem + ".lora_A.weight", [2, 32])])
    #expect(text { try load() } == "\(path): field '\(stem).lora_B.weight': missing")
    try write([(stem + ".lora_A.weight", [2, 32]), ("stray", [1])])
    #expect(text { try load() } == "\(path): field 'stray': belongs to nothing in this model")
    try write([(stem + ".lora_B.weight", [32, 2])])
    #expect(text { try load() } == "\(path): holds no adapter for any linear of this model")
    try write([(stem + ".lora_A.weight", [3, 32]), (stem + ".lora_B.weight", [32, 2])])
    #expect(
      text { try load() } == "\(path): field '\(stem).lora_A.weight': shape [2, 32] expected, got [3, 32]")

    try FileSystem.move(path, to: folder("a/adapter_model.bin"))
    #expect(
      text { try load() }
        == "\(folder("a/adapter_model.bin")): PyTorch's pickled weights are not read: save the adapter as safetensors"
    )
    try FileSystem.remove(folder("a/adapter_config.json"))
    #expect(text { try load() } == "\(folder("a/adapter_config.json")): no such file or folder")
  }
}
