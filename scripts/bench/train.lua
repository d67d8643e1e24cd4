-- Training throughput: a model of a given shape with random weights, trained on random ids.
--
--   yuyan scripts/bench/train.lua shape=110m mode=lora batch=4 seq=512 steps=4
--
-- Prints one JSON line: tokens/s and seconds a step (medians, after two steps of warming up), the last loss,
-- and the greatest resident memory.

local yy = require "yuyan"

local shapes = {
  ["15m"] = { hidden_size = 288, num_hidden_layers = 6, num_attention_heads = 6, intermediate_size = 768 },
  ["110m"] = { hidden_size = 768, num_hidden_layers = 12, num_attention_heads = 12, intermediate_size = 2048 },
  ["350m"] = { hidden_size = 1024, num_hidden_layers = 24, num_attention_heads = 16, intermediate_size = 2816 },
}
local p = { shape = "110m", mode = "lora", dtype = "f32", rank = 8, batch = 4, seq = 512, steps = 8, vocab_size = 32000 }
for _, text in ipairs(arg) do
  local name, value = text:match "^([%w_]+)=(.+)$"
  if p[name or ""] == nil then error("name=value expected, got " .. text .. "; names are shape, mode, rank, batch, "
    .. "seq, steps, vocab_size", 0) end
  p[name] = type(p[name]) == "number" and assert(math.tointeger(value), name .. ": a whole number expected") or value
end
local shape = assert(shapes[p.shape], "shape: 15m, 110m or 350m expected")
assert(p.mode == "lora" or p.mode == "full", "mode: lora or full expected")

local description = { vocab_size = p.vocab_size, max_position_embeddings = math.max(2048, p.seq),
  dtype = p.dtype }
for name, value in pairs(shape) do description[name] = value end
local model = yy.model.new(description)
if p.mode == "lora" then
  model:add_lora { rank = p.rank, alpha = 2 * p.rank, dropout = 0,
    targets = { "q", "k", "v", "o", "gate", "up", "down" } }
end

local warm_up = 2
math.randomseed(0)
local ids = {}
for i = 1, p.batch * p.seq * (p.steps + warm_up) do ids[i] = math.random(0, p.vocab_size - 1) end
local run = yy.train.run {
  model = model, data = yy.data.ids(ids, { length = p.seq }), steps = p.steps + warm_up, batch_size = p.batch,
  lr = 1e-4, clip = 1,
}

local function median(values)
  table.sort(values)
  local middle = #values // 2
  return #values % 2 == 1 and values[middle + 1] or (values[middle] + values[middle + 1]) / 2
end

local seconds = {}
for step = warm_up + 1, #run.history do seconds[#seconds + 1] = run.history[step].seconds end
local step_s = median(seconds)
local peak
for line in io.lines "/proc/self/status" do peak = peak or line:match "^VmHWM:%s*(%d+) kB" end
local function rounded(value, places) return math.floor(value * 10 ^ places + 0.5) / 10 ^ places end
print(yy.json.encode {
  shape = p.shape, mode = p.mode, dtype = p.dtype, rank = p.rank, batch = p.batch, seq = p.seq,
  tokens_per_s = rounded(p.batch * p.seq / step_s, 1), step_s = rounded(step_s, 3),
  loss = rounded(run.history[#run.history].loss, 4), peak_rss_mb = tonumber(peak) // 1024,
})
