import Files
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

/// Models whose linears are quantised: what they keep, how they are adapted and saved.
@Suite struct QuantizedModelTests {
  private static let ids = QuantizedBase.ids
  private static let spec = QuantizedBase.spec

  private let folder: TemporaryFolder
  private let base: QuantizedBase

  init() throws {
    base = try QuantizedBase()
    folder = base.folder
  }

  private func load(_ name: String, _ dtype: String, _ quantize: String? = nil) throws -> LanguageModel {
    try base.load(name, dtype, quantize)
  }

  private func bytes(_ model: LanguageModel) -> [String: [UInt8]] {
    var bytes: [String: [UInt8]] = [:]
    for parameter in model.transformer.parameters where !parameter.isAdapter {
      let tensor = parameter.tensor
      bytes[parameter.name] = Array(UnsafeRawBufferPointer(start: tensor.raw, count: tensor.byteCount))
    }
    return bytes
  }

  /// The loss on the ids, and the gradient of every adapter.
  private func gradients(_ model: LanguageModel) throws -> [[Float]] {
    let targets = Array(Self.ids.dropFirst()) + [-1]
    let loss = try model.transformer.loss(ids: Self.ids, targets: targets, documents: [Self.ids.count])
    try loss.backward()
    return [loss.values] + model.transformer.trainable.map { $0.tensor.grad?.values ?? [] }
  }

  /// The length of the difference over the length of `b`.
  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test(arguments: ["int8", "nf4"], ["f32", "bf16"])
  func onlyTheLinearsAreQuantised(_ quantize: String, _ dtype: String) throws {
    let model = try load("base", dtype, quantize)
    for parameter in model.transformer.parameters {
      switch parameter.kind {
      case .weight: #expect(parameter.tensor.dataType.rawValue == quantize && !parameter.isTrainable)
      case .embedding, .head: #expect(parameter.tensor.dataType.rawValue == dtype && parameter.isTrainable)
      default: #expect(parameter.tensor.dataType == .f32 && parameter.isTrainable)
      }
    }
    // Root mean square errors of normal weights in blocks of 64 and of 32, as bitsandbytes and arithmetic have them.
    let plain = try load("base", "f32")
    let expected: ClosedRange<Float> = quantize == "nf4" ? 0.085...0.099 : 0.004...0.006
    for parameter in model.transformer.parameters where !parameter.tensor.dataType.isPlain {
      let weight = try plain.transformer.named(parameter.name).tensor
      #expect(expected.contains(distance(parameter.tensor.values, weight.values)), "\(parameter.name)")
    }
    let logits = try plain.transformer.plainLogits(Self.ids)
    let error = try distance(model.transformer.plainLogits(Self.ids), logits)
    #expect(error > 0 && error < (quantize == "nf4" ? 0.4 : 0.03), "\(error)")
    // A new model is quantised as a loaded one.
    let new = try LanguageModel.new(
      Self.spec, types: WeightTypes(dtype: dtype, quantize: quantize), tokenizer: TinyTokenizer.make(),
      seed: 5)
    #expect(bytes(new) == bytes(model))
  }

  @Test(arguments: ["int8", "nf4"], ["f32", "bf16"])
  func gradientsAreThoseOfLoRAOnTheDequantisedWeights(_ quantize: String, _ dtype: String) throws {
    let model = try load("base", dtype, quantize)
    try model.save(to: folder("dequantised"))
    let other = try load("dequantised", dtype)
    #expect(try other.transformer.plainLogits(Self.ids) == model.transformer.plainLogits(Self.ids))
    let options = LoRAOptions(
      rank: 4, alpha: 8, dropout: 0, targets: LoRAOptions.allTargets, train: ["norms"], seed: 3)
    for model in [model, other] {
      try model.addLoRA(options)
      try model.disturb()
    }
    let before = bytes(model)
    let ours = try gradients(model)
    #expect(try ours == gradients(other))
    #expect(ours.allSatisfy { !$0.isEmpty && $0.contains { $0 != 0 } })
    try model.disturb()
    // Training changes the adapter and the norms; the base keeps every bit (figures H8).
    for (name, value) in bytes(model) {
      #expect((value == before[name]) == !name.contains("norm"), "\(name)")
    }
  }

  @Test func adaptersOfAQuantisedBaseAreLikeAnyOther() throws {
    let model = try load("base", "bf16", "nf4")
    try model.addLoRA(.init(rank: 4, alpha: 8, targets: ["q", "down"]))
    try model.disturb()
    let adapted = try model.transformer.plainLogits(Self.ids)
    try model.saveAdapter(to: folder("adapter"))
    let config = try JSON.read(folder("adapter/adapter_config.json"))
    #expect(config["base_model_name_or_path"]?.stringValue == folder("base"))
    let file = try SafeTensorsFile(path: folder("adapter/adapter_model.safetensors"))
    #expect(file.entries.count == 8 && file.entries.allSatisfy { $0.type == "F32" })
    let again = try load("base", "bf16", "nf4")
    try again.loadAdapter(from: folder("adapter"))
    #expect(try again.transformer.plainLogits(Self.ids) == adapted)
    try again.detachLoRA()
    #expect(
      try again.transformer.plainLogits(Self.ids)
        == load("base", "bf16", "nf4").transformer.plainLogits(Self.ids))
    #expect(again.trainableCount == again.parameterCount - 2 * (64 * 64 * 3 + 3 * 64 * 96))
  }

  @Test func theVocabularyGrows() throws {
    let model = try load("base", "bf16", "nf4")
    let old = try model.transformer.named("model.embed_tokens.weight").tensor.values
    try model.extendVocabulary(try TinyTokenizer.make(adding: ["qz", "xz"]))
    let embedding = try model.transformer.named("model.embed_tokens.weight").tensor
    #expect(embedding.dataType == .bf16 && embedding.shape == [66, 64])
    #expect(Array(embedding.values.prefix(old.count)) == old)
    try model.addLoRA(.init(rank: 2, train: ["embedding", "head"]))
    try model.disturb()
    let logits = try model.transformer.plainLogits([64, 65])
    try model.saveAdapter(to: folder("adapter"))
    let again = try load("base", "bf16", "nf4")
    try again.loadAdapter(from: folder("adapter"))
    #expect(try again.transformer.plainLogits([64, 65]) == logits)
  }

  @Test func trainingTheLinearsIsRefused() throws {
    let model = try load("base", "f32", "nf4")
    for group in ["layers", "all"] {
      #expect(
        text { try model.trainOnly(["embedding", group]) }
          == "names: '\(group)' takes in 'model.layers.0.self_attn.q_proj.weight', which is frozen in nf4: "
          + "add_lora puts an adapter beside it that is trained instead, or load the model without quantize")
    }
    try model.trainOnly(["embedding", "norms"])
    #expect(model.trainableCount == 64 * 64 + 5 * 64)
    try model.addLoRA(.init(rank: 2))
    try model.trainOnly(["layers"])
    #expect(model.transformer.trainable.allSatisfy { $0.isAdapter || $0.kind.isNorm })
  }

  @Test func weightsThatAreNotFiniteAreRefusedByName() throws {
    let model = try load("base", "f32")
    let name = "model.layers.1.mlp.down_proj.weight"
    let weight = try model.transformer.named(name).tensor.copy()
    for (value, type) in [(Float.nan, "nf4"), (.infinity, "int8")] {
      weight.pointer[3 * 96 + 17] = value
      try model.transformer.named(name).tensor.assign(weight)
      try model.save(to: folder("broken"))
      #expect(
        text { try load("broken", "bf16", type) }
          == "quantize: '\(name)' holds a number that is not finite, in row 4, column 18: it cannot be quantised"
      )
    }
  }

  @Test func sizesAreReported() throws {
    // Llama 2 7B in 4 bits: 3.5 to 3.9 GB (figures H8).
    let llama = ModelSpec(
      vocabSize: 32000, hiddenSize: 4096, numHiddenLayers: 32, numAttentionHeads: 32, intermediateSize: 11008)
    let report = try ShapeReport(
      llama, types: WeightTypes(dtype: "bf16", quantize: "nf4"), lora: .init(rank: 8))
    #expect(report.weightBytes > 3_500_000_000 && report.weightBytes < 3_900_000_000)
    #expect(report.trainingBytes == 12 * 32 * 4 * 2 * 8 * 4096)
    // What is trained of bf16 becomes f32 first.
    let full = try ShapeReport(llama, types: WeightTypes(dtype: "bf16", quantize: nil))
    #expect(full.weightBytes == 2 * full.parameters + 2 * 65 * 4096)
    #expect(full.trainingBytes == 14 * full.parameters - 2 * 65 * 4096)

    for lora in [nil, LoRAOptions(rank: 2)] {
      let model = try load("base", "bf16", "nf4")
      if let lora { try model.addLoRA(lora) }
      let report = try ShapeReport(Self.spec, types: WeightTypes(dtype: "bf16", quantize: "nf4"), lora: lora)
      #expect(report.description == model.description)
      #expect(report.weightBytes == model.transformer.parameters.reduce(0) { $0 + $1.tensor.byteCount })
      #expect((report.parameters, report.trainable) == (model.parameterCount, model.trainableCount))
    }
    #expect(
      try load("base", "bf16", "nf4").description == """
        llama: 2 layers, hidden 64, 4 heads (2 for keys and values) of 16
        vocabulary 64, context 64, head of its own

                              shape            type       parameters           trained
        embedding             64 x 64          bf16            4,096               all
        q x 2                 64 x 64          nf4             8,192                 -
        k x 2                 32 x 64          nf4             4,096                 -
        v x 2                 32 x 64          nf4             4,096                 -
        o x 2                 64 x 64          nf4             8,192                 -
        gate x 2              96 x 64          nf4            12,288                 -
        up x 2                96 x 64          nf4            12,288                 -
        down x 2              64 x 96          nf4            12,288                 -
        attention norm x 2    64               f32               128               all
        MLP norm x 2          64               f32               128               all
        last norm             64               f32                64               all
        head                  64 x 64          bf16            4,096               all

        parameters  69,952
        trainable   8,512 (12.17 %)
        memory      0.0 MB of weights, training adds 0.1 MB and activations
                    nf4   0.0 MB, 0.523 bytes a weight
                    bf16  0.0 MB, 2 bytes a weight
                    f32   0.0 MB, 4 bytes a weight
        """)
  }
}
