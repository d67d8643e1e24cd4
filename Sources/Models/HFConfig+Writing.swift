public import Files
public import OrderedCollections

extension HFConfig {
  /// The fields of `config.json` for a model: those we know as the model is now, over those that were read.
  public func updated(for spec: ModelSpec, type: ElementType) throws -> OrderedDictionary<String, JSON> {
    let architecture = try Architecture.of(spec)
    var fields = self.fields
    fields["architectures"] = .array([.string(architecture.className)])
    fields["model_type"] = .string(architecture.name)
    let sizes: [(String, Int)] = [
      ("vocab_size", spec.vocabSize), ("hidden_size", spec.hiddenSize),
      ("intermediate_size", spec.intermediateSize), ("num_hidden_layers", spec.numHiddenLayers),
      ("num_attention_heads", spec.numAttentionHeads), ("num_key_value_heads", spec.numKeyValueHeads),
      ("max_position_embeddings", spec.maxPositionEmbeddings),
    ]
    for (name, size) in sizes { fields[name] = .integer(Int64(size)) }
    fields["rms_norm_eps"] = .number(Self.shortest(spec.rmsNormEps))
    fields["initializer_range"] = .number(Self.shortest(spec.initializerRange))
    fields["tie_word_embeddings"] = .bool(spec.tieWordEmbeddings)
    fields["bos_token_id"] = Self.identifier(spec.bosTokenID)
    fields["eos_token_id"] = Self.identifiers(spec.eosTokenIDs)
    fields["pad_token_id"] = Self.identifier(spec.padTokenID)
    for (name, value) in architecture.fields(spec) { fields[name] = value }
    if fields["use_cache"] == nil { fields["use_cache"] = .bool(true) }
    // Transformers 4 reads torch_dtype, Transformers 5 both.
    fields["dtype"] = .string(type.torchName)
    fields["torch_dtype"] = .string(type.torchName)
    return fields
  }

  /// `generation_config.json`: what was read, with the ids of the model as it is now.
  func generationFields(for spec: ModelSpec) -> OrderedDictionary<String, JSON> {
    var fields = self.fields
    fields["bos_token_id"] = Self.identifier(spec.bosTokenID)
    if fields["eos_token_id"] == nil { fields["eos_token_id"] = Self.identifiers(spec.eosTokenIDs) }
    if let pad = spec.padTokenID { fields["pad_token_id"] = .integer(Int64(pad)) }
    return fields
  }

  private static func identifier(_ id: Int?) -> JSON { id.map { .integer(Int64($0)) } ?? .null }

  private static func identifiers(_ ids: [Int]) -> JSON {
    switch ids.count {
    case 0: .null
    case 1: identifier(ids[0])
    default: .array(ids.map { .integer(Int64($0)) })
    }
  }

  /// The double whose decimal digits are those of the float: 1e-05, not 9.999999747378752e-06.
  private static func shortest(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}
