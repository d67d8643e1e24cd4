-- Needs YUYAN_DATA: a trained checkpoint and real text. What bf16 changes, and what it must not.
local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

local data = os.getenv "YUYAN_DATA"
local checkpoint = data .. "/model/stories260K/stories260K.bin"
local vocabulary = data .. "/model/stories260K/tok512.bin"

local function train(dtype, prepare)
  local m = yy.model.load(checkpoint, { tokenizer = vocabulary, dtype = dtype })
  prepare(m)
  local text = yy.data.text { data .. "/text/en/wiki_demo.txt" }
  local rows = yy.data.pack(text, { tokenizer = m.tokenizer, length = 128, tokens = 2e5 })
  local run = yy.train.run { model = m, data = rows, steps = 200, batch_size = 4, lr = 1e-3, clip = 1 }
  return run.history, m
end

local function mean(history, first, last)
  local sum = 0
  for step = first, last do sum = sum + history[step].loss end
  return sum / (last - first + 1)
end

local function stays_within_a_percent(prepare)
  local wide, half = train("f32", prepare), train("bf16", prepare)
  test.ok(mean(wide, 21, 40) < 0.9 * mean(wide, 1, 20), "the runs learn")
  for first = 1, 181, 20 do
    local expected = mean(wide, first, first + 19)
    test.near(mean(half, first, first + 19), expected, 0.01 * expected)
  end
end

suite["full training in bf16 follows f32 within 1 % over 200 steps"] = function()
  stays_within_a_percent(function() end)
end

suite["an adapter trained in bf16 follows f32 within 1 % over 200 steps"] = function()
  stays_within_a_percent(function(m)
    m:add_lora { rank = 8, alpha = 32, targets = { "q", "k", "v", "o", "gate", "up", "down" },
      train = { "embedding" } }
  end)
end

suite["the published likelihood stays"] = function()
  local reference = yy.json.decode(yy.files.read(data .. "/model/stories260K/reference.json"))
  local m = yy.model.load(checkpoint, { tokenizer = vocabulary, dtype = "bf16" })
  local wide = yy.model.load(checkpoint, { tokenizer = vocabulary })
  local text = wide.tokenizer:decode({ table.unpack(reference.eval.ids, 2) })
  local nll = yy.eval.perplexity(wide, text).nll
  test.near(yy.eval.perplexity(m, text).nll, nll, 0.01 * nll)
end

suite["what is saved as bf16 is loaded as it is, and saved again without a change"] = function(own)
  yy.model.load(checkpoint, { tokenizer = vocabulary }):save(own .. "/m", { dtype = "bf16" })
  local m = yy.model.load(own .. "/m", { dtype = "bf16" })
  m:save(own .. "/again", { dtype = "bf16" })
  test.equal(yy.files.read(own .. "/again/model.safetensors") == yy.files.read(own .. "/m/model.safetensors"), true)
end

return suite
