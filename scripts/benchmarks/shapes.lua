-- Shapes of Llama models by the names of config.json: of llama2.c (15m, 110m), GPT-2 medium (350m), TinyLlama (1b).
local function shape(hidden, layers, heads, kv_heads, intermediate)
  return {
    hidden_size = hidden, num_hidden_layers = layers, num_attention_heads = heads, num_key_value_heads = kv_heads,
    intermediate_size = intermediate, vocab_size = 32000,
  }
end

return {
  ["15m"] = shape(288, 6, 6, 6, 768),
  ["110m"] = shape(768, 12, 12, 12, 2048),
  ["350m"] = shape(1024, 24, 16, 16, 2816),
  ["1b"] = shape(2048, 22, 32, 4, 5632),
}
