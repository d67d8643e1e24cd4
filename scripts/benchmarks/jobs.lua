-- The jobs of scripts/bench: what is run, what it is compared with, which limit it works against, what it is held to.
--
-- name      as --only takes it
-- title     in words
-- ours      { script beside this file, its parameters }
-- peer      { what it is, script in peers/, its parameters }, or { what it is, ours = the job of ours in its place }
-- figure    the record's field that is compared; `unit` stands behind it in the table
-- work      function(record): what one of the figure's units costs of the limit: operations, or bytes
-- limit     f32, bf16 (10^9 operations a second) or read (10^9 bytes a second)
-- held      ratio: at least so many times the peer's figure; share: at least this part of the limit; memory: at most
--           this part of the peer's; or any other field of the record: { at_most = number or another field }
local arithmetic = require "arithmetic"
local common = require "common"

local function shape_parameters(name)
  local s = common.shape(name)
  return {
    hidden = s.hidden_size, layers = s.num_hidden_layers, heads = s.num_attention_heads,
    ["kv-heads"] = s.num_key_value_heads, intermediate = s.intermediate_size, vocabulary = s.vocab_size,
  }
end

local function with(parameters, more)
  for name, value in pairs(more) do parameters[name] = value end
  return parameters
end

local function training(mode, dtype, quantize)
  local parameters = { shape = "110m", mode = mode, dtype = dtype, quantize = quantize, batch = 4, seq = 512, steps = 4 }
  return { "train.lua", parameters }
end

local function torch(mode, dtype)
  local more = { mode = mode, dtype = dtype, rank = 8, batch = 4, length = 512, steps = 4 }
  local parameters = with(shape_parameters "110m", more)
  return { mode == "lora" and "PyTorch + PEFT" or "PyTorch", "torch_train.py", parameters }
end

local function operations(record) return record.operations_per_token end

local function weight_bytes(record) return record.bytes_per_step end

local function decoding(shape, weights, format, held)
  local parameters = with(shape_parameters(shape), { quant = format, prompt = 512, new = 64 })
  return {
    name = ("decode-%s-%s"):format(shape, weights), title = ("decoding, %s, %s weights"):format(shape, weights),
    ours = { "decode.lua", { shape = shape, weights = weights, prompt = 512, new = 64 } },
    peer = { "llama.cpp " .. format, "llama_cpp_decode.py", parameters },
    figure = "decode_tok_s", unit = "tok/s", limit = "read", work = weight_bytes,
    held = held,
  }
end

local prefill = decoding("110m", "bf16", "F16", { ratio = 2.5 })
prefill.name, prefill.title = "prefill-110m", "reading a prompt of 512, 110m, bf16 weights"
prefill.figure, prefill.limit = "prefill_tok_s", "bf16"
prefill.work = function() return arithmetic.prefill(common.shape "110m", 512) end

return {
  { name = "lora-f32", title = "LoRA r=8 on 7 linears, 110m, 4 x 512, f32", ours = training("lora", "f32"),
    peer = torch("lora", "f32"), figure = "tokens_per_s", unit = "tok/s", limit = "f32", work = operations,
    held = { ratio = 3.0, share = 0.70 } },
  { name = "lora-bf16", title = "LoRA, the same, bf16", ours = training("lora", "bf16"), peer = torch("lora", "bf16"),
    figure = "tokens_per_s", unit = "tok/s", limit = "bf16", work = operations,
    held = { ratio = 2.5, share = 0.50, memory = 0.33 } },
  { name = "qlora-nf4", title = "LoRA, the same, bf16 over frozen weights in NF4", ours = training("lora", "bf16", "nf4"),
    peer = { "ours, lora-bf16", ours = "lora-bf16" }, figure = "tokens_per_s", unit = "tok/s", limit = "bf16",
    work = operations, held = { ratio = 0.8, bytes_per_weight = { at_most = 0.6 } } },
  { name = "full-f32", title = "full training, 110m, 4 x 512, f32", ours = training("full", "f32"),
    peer = torch("full", "f32"), figure = "tokens_per_s", unit = "tok/s", limit = "f32", work = operations,
    held = { ratio = 2.3, memory = 0.55 } },
  { name = "full-bf16", title = "full training, the same, bf16", ours = training("full", "bf16"), peer = torch("full", "bf16"),
    figure = "tokens_per_s", unit = "tok/s", limit = "bf16", work = operations, held = { ratio = 1.8, memory = 0.55 } },
  { name = "attention", title = "attention at length 4096 against 512, time a token", ours = { "attention.lua", {} },
    figure = "growth", unit = "x", held = { growth = { at_most = "arithmetic_growth" } } },
  decoding("110m", "bf16", "F16", { ratio = 1.2 }),
  decoding("110m", "int8", "Q8_0", { ratio = 1.2 }),
  decoding("110m", "nf4", "Q4_0", { ratio = 1.2 }),
  decoding("1b", "bf16", "F16", { ratio = 1.2, share = 0.75 }),
  decoding("1b", "int8", "Q8_0", { ratio = 1.2, share = 0.75 }),
  decoding("1b", "nf4", "Q4_0", { ratio = 1.2, share = 0.75 }),
  prefill,
}
