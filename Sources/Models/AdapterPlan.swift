import Files
import Tensors
import Tokenizers

/// An adapter's folder, read and compared with the model it is to go onto, before anything of the model
/// changes.
struct AdapterPlan {
  let options: LoRAOptions
  let vocabSize: Int
  let isTied: Bool
  let headName: String
  /// By the names of our parameters.
  let tensors: [String: Tensor]
  let tokenizer: (any Tokenizer)?
  let template: ChatTemplate?

  init(folder: String, onto model: LanguageModel) throws {
    let config = try AdapterConfig(reading: FileSystem.join(folder, AdapterConfig.fileName))
    let notePath = FileSystem.join(folder, AdapterNote.fileName)
    let note = FileSystem.exists(notePath) ? try AdapterNote(reading: notePath) : nil
    let path = FileSystem.join(folder, LanguageModel.adapterWeights)
    if !FileSystem.exists(path), FileSystem.exists(FileSystem.join(folder, "adapter_model.bin")) {
      throw FileError(
        path: FileSystem.join(folder, "adapter_model.bin"),
        reason: "PyTorch's pickled weights are not read: save the adapter as safetensors")
    }
    let file = try SafeTensorsFile(path: path)
    let spec = model.spec
    let names = try Architecture.of(spec).names
    let embeddingName = names.embedding + ".weight"
    headName = names.head + ".weight"

    let embeddingEntry = file[AdapterNames.prefix + embeddingName]
    let headEntry = file[AdapterNames.prefix + headName]
    isTied =
      spec.tieWordEmbeddings
      && (note?.isTied ?? (embeddingEntry == nil && headEntry == nil || config.tiesWeights))
    vocabSize = try Self.vocabulary(
      embeddingEntry, headEntry, note, spec, isTied: isTied, path: path)

    // Which linears have a pair, and with it the shapes that every tensor must have.
    var places: [String: (name: String, shape: [Int])] = [:]
    var targets: [String] = []
    for module in BlockModule.linears {
      let stems = (0..<spec.numHiddenLayers).map { AdapterNames.stem(names.module(module, $0)) }
      guard stems.contains(where: { file[$0 + AdapterNames.a] != nil }) else { continue }
      targets.append(module.rawValue)
      let (input, output) = spec.widths(of: module)
      for stem in stems {
        places[stem + AdapterNames.a] = (stem + AdapterNames.a, [config.rank, input])
        places[stem + AdapterNames.b] = (stem + AdapterNames.b, [output, config.rank])
      }
    }
    if targets.isEmpty {
      throw FileError(path: path, reason: "holds no adapter for any linear of this model")
    }
    var modules: [String] = []
    for place in try ParameterLayout(spec).places {
      let stored = AdapterNames.prefix + place.name
      guard file[stored] != nil else { continue }
      switch place.kind {
      case .embedding:
        places[stored] = (place.name, [vocabSize, spec.hiddenSize])
        modules.append("embedding")
      case .head:
        places[stored] = (place.name, [vocabSize, spec.hiddenSize])
        modules.append("head")
      case .norm, .blockNorm:
        places[stored] = (place.name, place.shape)
        if !modules.contains("norms") { modules.append("norms") }
      default:
        break
      }
    }
    if headEntry != nil, spec.tieWordEmbeddings {
      places[AdapterNames.prefix + headName] = (headName, [vocabSize, spec.hiddenSize])
    }
    tensors = try Self.read(file, places)
    options = LoRAOptions(
      rank: config.rank, alpha: config.alpha, dropout: config.dropout, targets: targets, train: modules,
      seed: note?.seed ?? 0)
    try options.modules()

    tokenizer = try LanguageModel.folderTokenizer(folder)
    template = try LanguageModel.readTemplate(folder)
    if let tokenizer {
      if let hash = note?.tokenizer, hash != tokenizer.fingerprint {
        throw FileError(
          path: notePath, field: "tokenizer_sha256",
          reason: "the tokenizer in this folder is not the one the adapter was trained with")
      }
      guard tokenizer.count <= vocabSize else {
        throw FileError(
          path: folder,
          reason: "the tokenizer has \(tokenizer.count) pieces, the adapter's embedding \(vocabSize) rows")
      }
    }
  }

  /// Rows of embedding and head once the adapter is on.
  private static func vocabulary(
    _ embedding: SafeTensorsEntry?, _ head: SafeTensorsEntry?, _ note: AdapterNote?, _ spec: ModelSpec,
    isTied: Bool,
    path: String
  ) throws -> Int {
    let base = spec.vocabSize
    let stored = embedding?.shape.first ?? head?.shape.first
    let size = note?.newSize ?? stored ?? base
    guard size != base else { return size }
    if let note, note.oldSize != base {
      throw FileError(
        path: path,
        reason:
          "the adapter takes a vocabulary of \(note.oldSize) to \(note.newSize), but this base has \(base)")
    }
    // Growing needs every row from the adapter: of the embedding, and of the head where it is another matrix.
    guard size > base, embedding != nil, isTied || head != nil else {
      throw FileError(
        path: path, reason: "the adapter's vocabulary has \(size) pieces, but this base has \(base)")
    }
    return size
  }

  private static func read(
    _ file: SafeTensorsFile, _ places: [String: (name: String, shape: [Int])]
  ) throws -> [String: Tensor] {
    if let stray = file.entries.first(where: { places[$0.name] == nil }) {
      throw FileError(path: file.path, field: stray.name, reason: "belongs to nothing in this model")
    }
    var tensors: [String: Tensor] = [:]
    for (stored, place) in places.sorted(by: { $0.key < $1.key }) {
      guard let entry = file[stored] else {
        throw FileError(path: file.path, field: stored, reason: "missing")
      }
      guard entry.shape == place.shape else {
        throw FileError(
          path: file.path, field: stored, reason: "shape \(place.shape) expected, got \(entry.shape)")
      }
      tensors[place.name] = try file.tensor(entry)
    }
    return tensors
  }
}
