import Files
import Models
import OrderedCollections
import Testing

@Suite struct ConfigTests {
  private static let small: OrderedDictionary<String, JSON> = [
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 64, "hidden_size": 32,
    "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
  ]

  private func spec(_ changes: OrderedDictionary<String, JSON>) throws -> ModelSpec {
    try ModelSpec(HFConfig(path: "config.json", fields: Self.small.merging(changes) { $1 }))
  }

  @Test func whatIsAbsentFollows() throws {
    let spec = try spec([:])
    #expect(spec.numKeyValueHeads == 4)
    #expect(spec.headWidth == 8)
    #expect(spec.tieWordEmbeddings == false)
    #expect(spec.ropeTheta == 10000)
    #expect(spec.rmsNormEps == 1e-6)
    #expect((spec.bosTokenID, spec.eosTokenIDs, spec.padTokenID) == (1, [2], nil))
  }

  @Test func transformers4() throws {
    let spec = try spec([
      "rope_theta": 500000.0, "rope_scaling": ["type": "linear", "factor": 4.0], "torch_dtype": "float16",
      "eos_token_id": 2, "bos_token_id": 1, "pad_token_id": -1, "rms_norm_eps": 1e-6,
      "num_key_value_heads": 2,
    ])
    #expect(spec.ropeTheta == 500000)
    #expect(spec.ropeLinearFactor == 4)
    #expect(spec.rmsNormEps == 1e-6)
    #expect(spec.numKeyValueHeads == 2)
    #expect((spec.bosTokenID, spec.eosTokenIDs, spec.padTokenID) == (1, [2], nil))
  }

  @Test func transformers5() throws {
    let spec = try spec([
      "rope_parameters": ["rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0], "dtype": "bfloat16",
      "head_dim": 16, "eos_token_id": [2, 5], "attention_bias": true, "tie_word_embeddings": true,
    ])
    #expect(spec.ropeTheta == 5000)
    #expect(spec.ropeLinearFactor == 2)
    #expect(spec.headWidth == 16)
    #expect(spec.eosTokenIDs == [2, 5])
    #expect(spec.attentionBias && spec.outputBias && !spec.mlpBias && spec.tieWordEmbeddings)
  }

  @Test(
    "what we do not do is refused by name",
    arguments: [
      ("model_type", "\"qwen2\"", "model_type", "\"qwen2\" is not supported: llama is"),
      ("hidden_act", "\"gelu\"", "hidden_act", "\"gelu\" is not supported"),
      ("pretraining_tp", "2", "pretraining_tp", "2 is not supported"),
      ("sliding_window", "4096", "sliding_window", "4096 is not supported"),
      ("quantization_config", "{\"bits\":4}", "quantization_config", "{\"bits\": 4} is not supported"),
      ("attention_dropout", "0.1", "attention_dropout", "0.1 is not supported"),
      (
        "architectures", "[\"LlamaForSequenceClassification\"]", "architectures",
        "\"LlamaForSequenceClassification\" is not supported: LlamaForCausalLM is"
      ),
      (
        "rope_scaling", "{\"type\":\"dynamic\",\"factor\":2.0}", "rope_scaling.rope_type",
        "\"dynamic\" is not supported: default and linear are"
      ),
      (
        "rope_parameters", "{\"rope_type\":\"yarn\",\"factor\":2.0}", "rope_parameters.rope_type",
        "\"yarn\" is not supported: default and linear are"
      ),
      ("rope_scaling", "{\"type\":\"linear\"}", "rope_scaling.factor", "missing"),
      ("hidden_size", "\"32\"", "hidden_size", "whole number expected, got string"),
      ("hidden_size", "-1", "hidden_size", "a positive number expected, got -1"),
      ("hidden_size", "null", "hidden_size", "missing"),
      ("intermediate_size", "null", "intermediate_size", "missing"),
      ("tie_word_embeddings", "1", "tie_word_embeddings", "boolean expected, got number"),
      (
        "num_attention_heads", "5", "num_attention_heads",
        "5 heads do not divide hidden_size 32 and head_dim is not given"
      ),
      ("num_key_value_heads", "3", "num_key_value_heads", "3 does not divide num_attention_heads 4"),
      ("head_dim", "7", "head_dim", "an even positive number expected, got 7"),
      ("rms_norm_eps", "0", "rms_norm_eps", "a positive number expected, got 0.0"),
      ("eos_token_id", "\"</s>\"", "eos_token_id", "id or list of ids expected, got string"),
    ])
  func refusals(_ field: String, _ value: String, _ named: String, _ reason: String) throws {
    let json = try JSON.parse(value)
    #expect(text { try spec([field: json]) } == "config.json: field '\(named)': \(reason)")
  }

  @Test func unknownFieldsAreKeptAndKnownOnesWrittenForBothVersions() throws {
    let config = HFConfig(
      path: "config.json",
      fields: Self.small.merging(["my_note": "keep", "rope_theta": 5000, "use_cache": false]) { $1 })
    var spec = try ModelSpec(config)
    spec.vocabSize = 80
    spec.ropeLinearFactor = 2
    let fields = try config.updated(for: spec, type: .bf16)
    #expect(fields["my_note"] == "keep")
    #expect(fields["use_cache"] == false)
    #expect(fields["vocab_size"] == 80)
    #expect(fields["rms_norm_eps"]?.text() == "1e-06")
    #expect(fields["torch_dtype"] == "bfloat16")
    #expect(fields["dtype"] == "bfloat16")
    #expect(fields["rope_theta"] == 5000.0)
    #expect(fields["rope_scaling"] == ["rope_type": "linear", "type": "linear", "factor": 2.0])
    #expect(fields["rope_parameters"] == ["rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0])
    #expect(try ModelSpec(HFConfig(path: "config.json", fields: fields)) == spec)
  }

  @Test func defaultsOfANewModel() throws {
    let spec = ModelSpec(vocabSize: 32000, hiddenSize: 288, numHiddenLayers: 6, numAttentionHeads: 6)
    #expect((spec.intermediateSize, spec.numKeyValueHeads, spec.headWidth) == (768, 6, 48))
    #expect(
      ModelSpec(vocabSize: 1, hiddenSize: 4096, numHiddenLayers: 1, numAttentionHeads: 32).intermediateSize
        == 11008)
    #expect(spec.rmsNormEps == 1e-5 && !spec.tieWordEmbeddings)
  }
}
