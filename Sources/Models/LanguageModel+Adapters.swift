import Files
import Tensors
import Tokenizers

extension LanguageModel {
  static let adapterWeights = "adapter_model.safetensors"

  /// Saves the adapter as PEFT does, with the tokenizer, the template and a note by which `loadAdapter` finds
  /// its way from the original base.
  ///
  /// Embedding, head and norms are stored whole if they were trained or extended since the base.
  /// - Throws: `ModelError` without an adapter, without a saved base, or when weights changed that an adapter cannot
  ///   hold; `FileError` when the disk has too little room.
  public func saveAdapter(to folder: String) throws {
    guard let lora else {
      throw ModelError(argument: "lora", reason: "there is no adapter: add_lora makes one")
    }
    guard let base else {
      throw ModelError(
        argument: "lora", reason: "this model was never saved: save first the base that the adapter goes onto"
      )
    }
    let changed = transformer.parameters.filter { $0.differsFromBase && !$0.isAdapter }
    if let weight = changed.first(where: \.isLinear) {
      throw ModelError(
        argument: "lora",
        reason:
          "'\(weight.name)' was trained since the base was loaded, which an adapter cannot hold: save the model"
      )
    }
    let names = try Architecture.of(spec).names
    let isTied = spec.tieWordEmbeddings
    let normsChanged = changed.contains(where: \.kind.isNorm)
    var stored = transformer.parameters.filter {
      $0.isAdapter || ($0.differsFromBase && !$0.kind.isNorm) || (normsChanged && $0.kind.isNorm)
    }
    var rowsTrained = stored.compactMap { parameter -> String? in
      switch parameter.kind {
      case .embedding: "embedding"
      case .head: "head"
      default: nil
      }
    }
    // A head cut loose from its embedding exists nowhere in the base.
    if base.isTied, let head = transformer.untiedHead, !head.differsFromBase {
      stored.append(head)
      rowsTrained.append("head")
    }
    var tensors = stored.map { parameter in
      let name = parameter.isAdapter ? parameter.name : AdapterNames.prefix + parameter.name
      return WritableTensor(name: name, shape: parameter.shape) { parameter.tensor }
    }
    let storesTiedEmbedding = isTied && rowsTrained.contains("embedding")
    if storesTiedEmbedding {
      let embedding = transformer.embedding
      tensors.append(
        WritableTensor(name: AdapterNames.stem(names.head) + ".weight", shape: embedding.shape) {
          embedding.tensor
        })
    }
    let last = { (name: String) in String(name.split(separator: ".").last ?? "") }
    var modules: [String] = []
    for parameter in stored where !parameter.isAdapter {
      let module = last(String(parameter.name.dropLast(".weight".count)))
      if !modules.contains(module) { modules.append(module) }
    }
    let config = AdapterConfig(
      lora, basePath: base.path, targetModules: try lora.modules().map { last(names.module($0, 0)) },
      modulesToSave: modules, tiesWeights: storesTiedEmbedding)
    let note = AdapterNote(
      oldSize: base.vocabSize, newSize: spec.vocabSize, tokenizer: tokenizer?.fingerprint, isTied: isTied,
      rowsTrained: rowsTrained, seed: lora.seed)
    let bytes = tensors.reduce(4 << 20) { $0 + $1.byteCount(as: .f32) }
    try AtomicFolder.write(to: folder, bytes: bytes, isReplaced: Self.isAdapterFile) { temporary in
      try SafeTensorsWriter.write(tensors, to: FileSystem.join(temporary, Self.adapterWeights))
      try AtomicFile.write(
        config.json.text(indent: 2, sortedKeys: true) + "\n",
        to: FileSystem.join(temporary, AdapterConfig.fileName))
      try AtomicFile.write(
        note.json.text(indent: 2) + "\n", to: FileSystem.join(temporary, AdapterNote.fileName))
      try tokenizer?.saveFolderFiles(to: temporary)
      if let template { try Self.writeTemplate(template, to: temporary) }
    }
  }

  private static func isAdapterFile(_ name: String) -> Bool {
    [
      adapterWeights, AdapterConfig.fileName, AdapterNote.fileName, templateName, "adapter_model.bin",
      "tokenizer.model",
      "tokenizer_config.json", "special_tokens_map.json",
    ].contains(name)
  }

  /// Puts an adapter of ours or of PEFT's onto this model, which must be the base it was trained on.
  ///
  /// A vocabulary that the adapter extended grows by itself; the adapter's tokenizer and template take the
  /// place of the model's. The adapter and the modules stored with it can be trained on.
  /// - Throws: `FileError` naming the field or tensor that does not fit; nothing has changed then.
  public func loadAdapter(from folder: String) throws {
    guard lora == nil else {
      throw ModelError(argument: "lora", reason: "there is an adapter already: merge it or take it off first")
    }
    let plan = try AdapterPlan(folder: folder, onto: self)
    try apply(plan)
  }

  private func apply(_ plan: AdapterPlan) throws {
    try transformer.attach(plan.options)
    transformer.spec.vocabSize = plan.vocabSize
    if !plan.isTied, transformer.untiedHead == nil {
      let place = ParameterPlace(
        name: plan.headName, kind: .head, layer: nil, shape: transformer.embedding.shape)
      transformer.untiedHead = Parameter(place, tensor: transformer.embedding.tensor.copy(purpose: .weights))
      transformer.untiedHead?.differsFromBase = true
      transformer.spec.tieWordEmbeddings = false
    }
    var stored: Set<String> = []
    for parameter in transformer.parameters {
      guard let tensor = plan.tensors[parameter.name] else { continue }
      parameter.replace(with: tensor)
      if !parameter.isAdapter {
        parameter.differsFromBase = true
        stored.insert(parameter.name)
      }
    }
    for parameter in transformer.parameters {
      parameter.isTrainable = parameter.isAdapter || stored.contains(parameter.name)
    }
    if let tokenizer = plan.tokenizer { self.tokenizer = tokenizer }
    if let template = plan.template { self.template = template }
    lora = plan.options
  }
}
