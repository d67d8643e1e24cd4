-- Training throughput: a model of a given shape with random weights, trained on random ids.
--
--   yuyan scripts/benchmarks/train.lua shape=110m mode=lora dtype=bf16 batch=4 seq=512 steps=4
--   yuyan scripts/benchmarks/train.lua shape=110m mode=lora dtype=bf16 quantize=nf4
--
-- Prints one JSON line: tokens/s and seconds a step (medians, after two steps of warming up), the last loss, the
-- operations a token of arithmetic.lua, and the greatest resident memory. Fields of config.json (hidden_size=512 and
-- so on) change the shape.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local arithmetic, common = require "arithmetic", require "common"

local p = yy.parameters.parse(arg, {
  shape = "110m", mode = "lora", dtype = "f32", quantize = "", rank = 8, batch = 4, seq = 512, steps = 8,
  hidden_size = 0, num_hidden_layers = 0, num_attention_heads = 0, num_key_value_heads = 0, intermediate_size = 0,
  vocab_size = 0,
})
local shape = common.shape(p.shape, p)
if p.mode ~= "lora" and p.mode ~= "full" then error("mode: lora or full expected, got '" .. p.mode .. "'", 0) end

local description = {
  max_position_embeddings = math.max(2048, p.seq), dtype = p.dtype, quantize = p.quantize ~= "" and p.quantize or nil,
}
for name, value in pairs(shape) do description[name] = value end
local model = yy.model.new(description)

-- What a weight of the quantised linears takes, scales included: all but the embedding, the head and the norms (f32).
local bytes_per_weight
if p.quantize ~= "" then
  local rows, norms = 2 * shape.vocab_size * shape.hidden_size, (2 * shape.num_hidden_layers + 1) * shape.hidden_size
  local bytes = model.weight_bytes - (p.dtype == "bf16" and 2 or 4) * rows - 4 * norms
  bytes_per_weight = common.rounded(bytes / (model.parameters - rows - norms), 4)
end
if p.mode == "lora" then
  model:add_lora { rank = p.rank, alpha = 2 * p.rank, dropout = 0,
    targets = { "q", "k", "v", "o", "gate", "up", "down" } }
end

local warm_up = 2
math.randomseed(0)
local ids = {}
for i = 1, p.batch * p.seq * (p.steps + warm_up) do ids[i] = math.random(0, shape.vocab_size - 1) end
local run = yy.train.run {
  model = model, data = yy.data.ids(ids, { length = p.seq }), steps = p.steps + warm_up, batch_size = p.batch,
  lr = 1e-4, clip = 1,
}

local seconds = {}
for step = warm_up + 1, #run.history do seconds[#seconds + 1] = run.history[step].seconds end
local step_s = common.median(seconds)
print(yy.json.encode {
  shape = p.shape, mode = p.mode, dtype = p.dtype, quantize = p.quantize ~= "" and p.quantize or nil, rank = p.rank,
  batch = p.batch, seq = p.seq, parameters = model.parameters, operations_per_token = arithmetic.training(shape, p),
  tokens_per_s = common.rounded(p.batch * p.seq / step_s, 1), step_s = common.rounded(step_s, 3),
  loss = common.rounded(run.history[#run.history].loss, 4), peak_rss_mb = common.peak_mb(),
  bytes_per_weight = bytes_per_weight,
})
