-- Needs YUYAN_DATA: a trained checkpoint and real text. What quantised linears cost, and what an adapter wins back.
local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

local data = os.getenv "YUYAN_DATA"
local folder = data .. "/model/stories260K/"

local function load(options)
  options.tokenizer = folder .. "tok512.bin"
  return yy.model.load(folder .. "stories260K.bin", options)
end

local function story()
  local reference = yy.json.decode(yy.files.read(folder .. "reference.json"))
  return load {}.tokenizer:decode { table.unpack(reference.eval.ids, 2) }
end

suite["8 bits keep the published likelihood, 4 bits come near"] = function()
  local text = story()
  local nll = yy.eval.perplexity(load {}, text).nll
  for _, dtype in ipairs { "f32", "bf16" } do
    test.near(yy.eval.perplexity(load { quantize = "int8", dtype = dtype }, text).nll, nll, 0.01 * nll)
    local four = yy.eval.perplexity(load { quantize = "nf4", dtype = dtype }, text).nll
    test.ok(four > nll and four < 1.25 * nll, four)
  end
end

suite["an adapter on 4 bits learns as one on the dequantised weights does"] = function(own)
  local rows, losses = nil, {}
  load { quantize = "nf4", dtype = "f32" }:save(own .. "/dequantised")
  for i, m in ipairs { load { quantize = "nf4", dtype = "f32" }, yy.model.load(own .. "/dequantised") } do
    m:add_lora { rank = 8, alpha = 32, targets = { "q", "k", "v", "o", "gate", "up", "down" } }
    rows = rows or yy.data.pack(yy.data.text { data .. "/text/en/wiki_demo.txt" },
      { tokenizer = m.tokenizer, length = 128, tokens = 4e4 })
    local run = yy.train.run { model = m, data = rows, steps = 20, batch_size = 2, lr = 1e-3, clip = 1 }
    losses[i] = {}
    for step, record in ipairs(run.history) do losses[i][step] = record.loss end
  end
  test.equal(losses[1], losses[2])
  test.ok(losses[1][20] < losses[1][1])
end

suite["merging onto the dequantised weights is what the adapter saw"] = function()
  local text = story()
  for _, case in ipairs { { dtype = "f32", kl = 1e-9 }, { dtype = "bf16", kl = 1e-3 } } do
    local m = load { quantize = "nf4", dtype = case.dtype }
    m:add_lora { rank = 8, alpha = 32, targets = { "q", "k", "v", "o", "gate", "up", "down" } }
    local rows = yy.data.pack(yy.data.text { data .. "/text/en/wiki_demo.txt" },
      { tokenizer = m.tokenizer, length = 128, tokens = 1e4 })
    yy.train.run { model = m, data = rows, steps = 5, batch_size = 2, lr = 1e-3, clip = 1 }
    local check = m:merge_lora { check = text }
    test.ok(check.kl < case.kl and check.top1_agreement > 0.95, tostring(check))
  end
end

return suite
