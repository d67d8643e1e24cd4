import Files
import OrderedCollections

extension Architecture {
  /// LLaMA, Llama 2 and whatever has their layout (arXiv:2302.13971, arXiv:2307.09288).
  static let llama = Architecture(
    name: "llama", className: "LlamaForCausalLM",
    names: WeightNames(
      embedding: "model.embed_tokens", norm: "model.norm", head: "lm_head",
      block: [
        .q: "model.layers.{i}.self_attn.q_proj",
        .k: "model.layers.{i}.self_attn.k_proj",
        .v: "model.layers.{i}.self_attn.v_proj",
        .o: "model.layers.{i}.self_attn.o_proj",
        .gate: "model.layers.{i}.mlp.gate_proj",
        .up: "model.layers.{i}.mlp.up_proj",
        .down: "model.layers.{i}.mlp.down_proj",
        .attentionNorm: "model.layers.{i}.input_layernorm",
        .feedForwardNorm: "model.layers.{i}.post_attention_layernorm",
      ], ignored: ["rotary_emb.inv_freq"]),
    spec: { try ModelSpec(llama: $0) },
    fields: { $0.llamaFields })
}

extension ModelSpec {
  fileprivate init(llama config: HFConfig) throws {
    try config.require("hidden_act", in: "silu", "swish")
    for name in ["pretraining_tp", "partial_rotary_factor"] { try config.require(name, in: 1) }
    for name in [
      "quantization_config", "sliding_window", "attn_logit_softcapping", "final_logit_softcapping",
      "num_experts",
      "num_local_experts", "layer_types",
    ] { try config.require(name) }
    for name in [
      "use_sliding_window", "add_cross_attention", "is_encoder_decoder", "use_qk_norm", "qk_layernorm",
      "no_rope_layers",
    ] { try config.require(name, in: false) }
    try config.require("attention_dropout", in: 0)
    for item in config.value("architectures")?.arrayValue ?? [] where item != "LlamaForCausalLM" {
      throw config.fault("architectures", "\(item.text()) is not supported: LlamaForCausalLM is")
    }

    self.init(
      vocabSize: try config.required("vocab_size"), hiddenSize: try config.required("hidden_size"),
      numHiddenLayers: try config.required("num_hidden_layers"),
      numAttentionHeads: try config.required("num_attention_heads"),
      intermediateSize: try config.required("intermediate_size"),
      numKeyValueHeads: try config.positive("num_key_value_heads"), headWidth: try config.positive("head_dim")
    )
    maxPositionEmbeddings = try config.positive("max_position_embeddings") ?? maxPositionEmbeddings
    // Transformers' default where a file does not say.
    rmsNormEps = Float(try config.number("rms_norm_eps") ?? 1e-6)
    initializerRange = Float(try config.number("initializer_range") ?? Double(initializerRange))
    attentionBias = try config.boolean("attention_bias") ?? false
    outputBias = attentionBias
    mlpBias = try config.boolean("mlp_bias") ?? false
    tieWordEmbeddings = try config.boolean("tie_word_embeddings") ?? false
    if config.fields["bos_token_id"] != nil { bosTokenID = try config.integer("bos_token_id") }
    if config.fields["eos_token_id"] != nil { eosTokenIDs = try config.identifiers("eos_token_id") }
    padTokenID = try config.integer("pad_token_id").flatMap { $0 < 0 ? nil : $0 }
    try readRotary(config)
  }

  /// Transformers 4 writes `rope_theta` and `rope_scaling`, Transformers 5 one table `rope_parameters`.
  private mutating func readRotary(_ config: HFConfig) throws {
    ropeTheta = try config.number("rope_theta") ?? ropeTheta
    for field in ["rope_scaling", "rope_parameters"] {
      guard let rotary = try config.object(field) else { continue }
      ropeTheta = try rotary.number("rope_theta") ?? ropeTheta
      try rotary.require("partial_rotary_factor", in: 1)
      let type = try rotary.string("rope_type") ?? rotary.string("type") ?? "default"
      switch type {
      case "default": ropeLinearFactor = 1
      case "linear":
        guard let factor = try rotary.number("factor") else {
          throw config.fault("\(field).factor", "missing")
        }
        ropeLinearFactor = factor
      default:
        throw config.fault("\(field).rope_type", "\"\(type)\" is not supported: default and linear are")
      }
    }
  }

  /// What Transformers 4 and 5 both read.
  fileprivate var llamaFields: [(String, JSON)] {
    let scaled = ropeLinearFactor != 1
    let scaling: JSON = [
      "rope_type": "linear", "type": "linear", "factor": .number(ropeLinearFactor),
    ]
    let parameters: JSON =
      scaled
      ? ["rope_type": "linear", "factor": .number(ropeLinearFactor), "rope_theta": .number(ropeTheta)]
      : ["rope_type": "default", "rope_theta": .number(ropeTheta)]
    return [
      ("attention_bias", .bool(attentionBias)),
      ("attention_dropout", .number(0)),
      ("head_dim", .integer(Int64(headWidth))),
      ("hidden_act", "silu"),
      ("mlp_bias", .bool(mlpBias)),
      ("pretraining_tp", .integer(1)),
      ("rope_theta", .number(ropeTheta)),
      ("rope_scaling", scaled ? scaling : .null),
      ("rope_parameters", parameters),
    ]
  }
}
