-- How fast a model of a given shape with random weights reads a prompt and decodes.
--
--   yuyan scripts/benchmarks/decode.lua shape=110m weights=bf16 prompt=512 new=64
--   yuyan scripts/benchmarks/decode.lua shape=1b weights=nf4 batch=4
--
-- `weights` are f32, bf16, int8 or nf4 (then the embedding, the head and all activations are bf16). Prints one JSON line:
-- tokens/s of reading the prompt and of decoding (medians; of all prompts together where `batch` is more than 1), the
-- bytes of weights that a step reads, 10^9 of them a second while decoding, and the greatest resident memory.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local common = require "common"

local p = yy.parameters.parse(arg, {
  shape = "110m", weights = "bf16", prompt = 512, new = 64, batch = 1, rounds = 3,
  hidden_size = 0, num_hidden_layers = 0, num_attention_heads = 0, num_key_value_heads = 0, intermediate_size = 0,
  vocab_size = 0,
})
local types = { f32 = { "f32" }, bf16 = { "bf16" }, int8 = { "bf16", "int8" }, nf4 = { "bf16", "nf4" } }
local type = types[p.weights] or error(("weights: f32, bf16, int8 or nf4 expected, got '%s'"):format(p.weights), 0)
local shape = common.shape(p.shape, p)
local description = { dtype = type[1], quantize = type[2], max_position_embeddings = math.max(2048, p.prompt + p.new + 1) }
for name, value in pairs(shape) do description[name] = value end
local model = yy.model.new(description)

--- Bytes of all matrices but the embedding, of which a token reads a row.
local function bytes_read()
  local s, per = shape, { f32 = 4, bf16 = 2, int8 = 1 + 2 / 32, nf4 = 1 / 2 + 1 / 64 + 4 / 64 / 256 }
  local keys = s.hidden_size // s.num_attention_heads * s.num_key_value_heads
  local linears = 2 * s.hidden_size * (s.hidden_size + keys) + 3 * s.hidden_size * s.intermediate_size
  return linears * s.num_hidden_layers * per[p.weights] + s.hidden_size * s.vocab_size * per[type[1]]
end

math.randomseed(1)
local function prompt()
  local ids = {}
  for i = 1, p.prompt do ids[i] = math.random(3, shape.vocab_size - 1) end
  return ids
end

--- Seconds for reading prompts and decoding `new` tokens after each.
local function seconds(prompts, new)
  local start = yy.machine.seconds()
  local made = model:generate(prompts, { max_tokens = new, temperature = 0, return_ids = true,
    repetition_penalty = 1 })
  local time = yy.machine.seconds() - start
  for i, ids in ipairs(made) do
    if #ids ~= #prompts[i] + new then error("a sequence ended early: another seed is needed", 0) end
  end
  return time
end

local reading, decoding = {}, {}
for round = 1, p.rounds do
  local prompts = {}
  for i = 1, p.batch do prompts[i] = prompt() end
  local first = seconds(prompts, 1)
  reading[round] = p.batch * p.prompt / first
  decoding[round] = p.batch * p.new / (seconds(prompts, p.new + 1) - first)
end
local speed = common.median(decoding)
print(yy.json.encode {
  shape = p.shape, weights = p.weights, prompt = p.prompt, new = p.new, batch = p.batch,
  prefill_tok_s = common.rounded(common.median(reading), 1), decode_tok_s = common.rounded(speed, 1),
  bytes_per_step = bytes_read(), decode_gb_s = common.rounded(speed / p.batch * bytes_read() / 1e9, 2),
  peak_rss_mb = common.peak_mb(),
})
