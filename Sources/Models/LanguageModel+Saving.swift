import Files
import Tensors
import Tokenizers

extension LanguageModel {
  /// Saves a folder that Transformers loads: weights, config.json, generation_config.json, tokenizer and
  /// template.
  ///
  /// An adapter that is attached is merged into what is written, one tensor at a time; the model itself keeps
  /// it. The folder appears as a whole; other files in a folder that was there stay. A new model's first save
  /// makes the folder the base of its adapters.
  /// - Parameter base: whether adapters saved from now on go onto this folder, in place of what was loaded.
  /// - Throws: `FileError` when the disk has too little room; `ModelError` for an unknown `dtype`, or for `base`
  ///   while a trained adapter is attached, since what is written holds it already.
  public func save(to folder: String, dtype: String = "f32", base: Bool = false) throws {
    guard let type = ElementType(rawValue: dtype) else {
      let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw ModelError(argument: "dtype", reason: "\"\(dtype)\" is not supported: \(known) are")
    }
    if base, !adapterAddsNothing {
      throw ModelError(
        argument: "base",
        reason: "the adapter is merged into what is written, so it cannot go onto it: merge_lora or "
          + "detach_lora first")
    }
    try save(to: folder, as: type, shardBytes: 5_000_000_000)
    if base { rebase(onto: folder) }
  }

  /// The same with shards of at most `shardBytes`, or of one tensor where that is larger.
  public func save(to folder: String, as type: ElementType = .f32, shardBytes: Int) throws {
    let tensors = writableTensors()
    let bytes = tensors.reduce(4 << 20) { $0 + $1.byteCount(as: type) }
    try AtomicFolder.write(to: folder, bytes: bytes, isReplaced: Self.isModelFile) { temporary in
      try WeightFolder.write(tensors, to: temporary, as: type, shardBytes: shardBytes)
      let fields = try config.updated(for: spec, type: type)
      try write(fields: .object(fields), to: temporary, Self.configName)
      try write(fields: .object(generation.generationFields(for: spec)), to: temporary, Self.generationName)
      try tokenizer?.saveFolderFiles(to: temporary)
      if let template { try Self.writeTemplate(template, to: temporary) }
    }
    if base == nil, adapterAddsNothing { rebase(onto: folder) }
  }

  /// Whether there is no adapter, or one that was not trained: what is written is then the model without it.
  private var adapterAddsNothing: Bool {
    transformer.adapters.allSatisfy { $0.1.b.tensor.values.allSatisfy { $0 == 0 } }
  }

  private func rebase(onto folder: String) {
    base = Base(path: folder, vocabSize: spec.vocabSize, isTied: spec.tieWordEmbeddings)
    for parameter in transformer.parameters where !parameter.isAdapter { parameter.differsFromBase = false }
  }

  private func write(fields: JSON, to folder: String, _ name: String) throws {
    try AtomicFile.write(fields.text(indent: 2) + "\n", to: FileSystem.join(folder, name))
  }

  private func writableTensors() -> [WritableTensor] {
    var merged: [String: (Projection, Projection.Adapter)] = [:]
    let type = transformer.types.compute
    for (projection, adapter) in transformer.adapters {
      merged[projection.weight.name] = (projection, adapter)
    }
    return transformer.parameters.filter { !$0.isAdapter }.map { parameter in
      WritableTensor(name: parameter.name, shape: parameter.shape) {
        guard let (projection, adapter) = merged[parameter.name] else { return parameter.tensor }
        return try projection.mergedWeight(adapter, computedIn: type)
      }
    }
  }

  /// Files that a save writes or that would contradict what it writes.
  private static func isModelFile(_ name: String) -> Bool {
    let fixed = [
      configName, generationName, templateName, WeightFolder.singleName, WeightFolder.indexName,
      "tokenizer.model",
      "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    ]
    let isWeights = name.hasSuffix(".safetensors") && name.hasPrefix("model-")
    return isWeights || name.hasPrefix("pytorch_model") || fixed.contains(name)
  }
}
