import Files
import OrderedCollections

/// `adapter_config.json` as PEFT writes it.
struct AdapterConfig: Equatable {
  static let fileName = "adapter_config.json"

  var basePath: String?
  var rank: Int
  var alpha: Double
  var dropout: Double
  /// Module names as the family's files spell them: `q_proj`.
  var targetModules: [String]
  var modulesToSave: [String]
  /// Whether the copy of a tied embedding is the head as well.
  var tiesWeights: Bool

  /// Fields that say nothing about what the adapter computes.
  private static let harmless: Set<String> = [
    "auto_mapping", "base_model_name_or_path", "inference_mode", "lora_alpha", "lora_dropout",
    "megatron_core",
    "modules_to_save", "peft_version", "r", "revision", "target_modules", "task_type", "qalora_group_size",
    "ensure_weight_tying", "peft_type", "bias", "init_lora_weights", "runtime_config",
  ]

  /// Throws `FileError` naming a field that asks for more than plain LoRA.
  init(reading path: String) throws {
    let config = try HFConfig(reading: path)
    try config.require("peft_type", in: "LORA")
    try config.require("bias", in: "none")
    try config.require("init_lora_weights", in: true, false, "gaussian")
    for (name, value) in config.fields where !Self.harmless.contains(name) {
      let unset: [JSON] = [.null, .bool(false), .array([]), .object([:])]
      guard unset.contains(value) else { throw config.fault(name, "\(value.text()) is not supported") }
    }
    rank = try config.required("r")
    guard let alpha = try config.number("lora_alpha"), alpha > 0 else {
      throw config.fault("lora_alpha", "a positive number expected")
    }
    self.alpha = alpha
    dropout = try config.number("lora_dropout") ?? 0
    basePath = try config.string("base_model_name_or_path")
    targetModules = config.value("target_modules")?.arrayValue?.compactMap(\.stringValue) ?? []
    modulesToSave = config.value("modules_to_save")?.arrayValue?.compactMap(\.stringValue) ?? []
    tiesWeights = try config.boolean("ensure_weight_tying") ?? false
  }

  init(
    _ options: LoRAOptions, basePath: String?, targetModules: [String], modulesToSave: [String],
    tiesWeights: Bool
  ) {
    self.basePath = basePath
    rank = options.rank
    alpha = options.alpha
    dropout = options.dropout
    self.targetModules = targetModules
    self.modulesToSave = modulesToSave
    self.tiesWeights = tiesWeights
  }

  /// The fields that every version of PEFT knows, and the one on tied weights where it matters.
  var json: JSON {
    let number = { (value: Double) -> JSON in Int(exactly: value).map { JSON($0) } ?? .number(value) }
    var fields: OrderedDictionary<String, JSON> = [
      "alpha_pattern": [:], "auto_mapping": .null,
      "base_model_name_or_path": basePath.map { .string($0) } ?? .null, "bias": "none",
      "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true, "layers_pattern": .null,
      "layers_to_transform": .null, "lora_alpha": number(alpha), "lora_dropout": .number(dropout),
      "modules_to_save": modulesToSave.isEmpty ? .null : .array(modulesToSave.map { .string($0) }),
      "peft_type": "LORA", "r": JSON(rank), "rank_pattern": [:], "revision": .null,
      "target_modules": .array(targetModules.map { .string($0) }), "task_type": "CAUSAL_LM",
    ]
    if tiesWeights { fields["ensure_weight_tying"] = true }
    return .object(fields)
  }
}

/// What PEFT's files leave out and a load onto the original base needs: `yuyan_adapter.json`.
struct AdapterNote: Equatable {
  static let fileName = "yuyan_adapter.json"

  /// Rows of the base's embedding, and of the model's.
  var oldSize: Int
  var newSize: Int
  var tokenizer: String?
  var isTied: Bool
  /// Vocabulary matrices that were trained or extended, and so are stored with all their rows.
  var rowsTrained: [String]
  var seed: UInt64

  init(oldSize: Int, newSize: Int, tokenizer: String?, isTied: Bool, rowsTrained: [String], seed: UInt64) {
    self.oldSize = oldSize
    self.newSize = newSize
    self.tokenizer = tokenizer
    self.isTied = isTied
    self.rowsTrained = rowsTrained
    self.seed = seed
  }

  init(reading path: String) throws {
    let config = try HFConfig(reading: path)
    oldSize = try config.required("old_vocab_size")
    newSize = try config.required("new_vocab_size")
    guard oldSize <= newSize else {
      throw config.fault("new_vocab_size", "\(newSize) is below old_vocab_size \(oldSize)")
    }
    tokenizer = try config.string("tokenizer_sha256")
    isTied = try config.boolean("tie_word_embeddings") ?? false
    rowsTrained = config.value("rows_trained")?.arrayValue?.compactMap(\.stringValue) ?? []
    seed = UInt64(bitPattern: Int64(try config.integer("seed") ?? 0))
  }

  var json: JSON {
    [
      "old_vocab_size": JSON(oldSize), "new_vocab_size": JSON(newSize),
      "tokenizer_sha256": tokenizer.map { .string($0) } ?? .null, "tie_word_embeddings": .bool(isTied),
      "rows_trained": .array(rowsTrained.map { .string($0) }), "seed": .integer(Int64(bitPattern: seed)),
    ]
  }
}
