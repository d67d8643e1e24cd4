local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

local down = "model.layers.0.mlp.down_proj.weight"

--- A saved model and the text its vocabulary was learnt from.
local function base(folder)
  local m = samples.model(samples.tokenizer(folder, "zh"), { initializer_range = 0.2 })
  m:save(folder .. "/base")
  return folder .. "/base", folder .. "/zh.txt"
end

local function train(m, text)
  local rows = yy.data.pack(yy.data.text { text }, { tokenizer = m.tokenizer, length = 32 })
  return yy.train.run { model = m, data = rows, steps = 8, batch_size = 2, lr = 1e-2, seed = 1 }
end

for _, quantize in ipairs { "int8", "nf4" } do
  suite["a base in " .. quantize .. " is adapted, saved and merged"] = function(folder)
    local path, text = base(folder)
    local m = yy.model.load(path, { quantize = quantize })
    local frozen = m:parameter(down):to_table()
    test.ok(tostring(m):find("down x 2 +32 x 64 +" .. quantize))
    m:add_lora { rank = 4, targets = { "q", "v", "gate", "up", "down" } }
    local run = train(m, text)
    test.ok(run.history[8].loss < run.history[1].loss - 0.05)
    test.equal(m:parameter(down):to_table(), frozen)
    m:save_adapter(folder .. "/adapter")
    local config = yy.json.decode(yy.files.read(folder .. "/adapter/adapter_config.json"))
    test.equal(config.base_model_name_or_path, path)

    local again = yy.model.load(path, { quantize = quantize })
    again:load_adapter(folder .. "/adapter")
    test.equal(again:logits { 1, 2, 3 }:to_table(), m:logits { 1, 2, 3 }:to_table())

    m:save(folder .. "/whole")
    local check = m:merge_lora { check = yy.files.read(text) }
    test.ok(check.tokens > 100 and check.kl < 1e-3 and check.top1_agreement > 0.9 and check.max_difference > 0)
    test.ok(tostring(check):find("^merged against adapter: logits differ by at most "))
    local whole = yy.model.load(folder .. "/whole", { dtype = "bf16" })
    local rows, expected = whole:logits { 1, 2, 3 }:to_table(), m:logits { 1, 2, 3 }:to_table()
    for i, row in ipairs(rows) do for j, logit in ipairs(row) do test.near(logit, expected[i][j], 0.1) end end
    test.equal(#whole.tokenizer, #m.tokenizer)
    test.equal(again:merge_lora(), nil)
    again:generate("从前", { max_tokens = 3, temperature = 0 })
  end
end

suite["training repeats to the bit, also when it is cut and continued"] = function(folder)
  local path, text = base(folder)
  local function adapter(name, checkpoint, stop)
    local m = yy.model.load(path, { quantize = "nf4" })
    m:add_lora { rank = 4, dropout = 0.1 }
    local rows = yy.data.pack(yy.data.text { text }, { tokenizer = m.tokenizer, length = 32 })
    local done, run = pcall(yy.train.run, {
      model = m, data = rows, steps = 6, batch_size = 2, lr = 1e-2, seed = 1, resume = checkpoint ~= nil,
      checkpoint = checkpoint and { dir = folder .. "/" .. checkpoint, every = 2 },
      on_step = function(s) if s.step == stop then error "stopped" end end,
    })
    test.equal(done, stop == nil)
    if stop then return end
    m:save_adapter(folder .. "/" .. name)
    return yy.files.read(folder .. "/" .. name .. "/adapter_model.safetensors"), run
  end
  local whole = adapter "whole"
  test.ok(adapter "again" == whole)
  adapter("cut", "checkpoints", 5)
  local rest, run = adapter("rest", "checkpoints")
  test.equal(run.resumed_from, 4)
  test.ok(rest == whole)
end

suite["the vocabulary grows, embedding and head are trained"] = function(folder)
  local path = base(folder)
  local m = yy.model.load(path, { quantize = "nf4", dtype = "f32" })
  local merged = m.tokenizer:merge(samples.tokenizer(folder, "en"))
  test.equal(m:extend_vocabulary(merged), #merged - 480)
  m:add_lora { rank = 2, train = { "embedding" } }
  train(m, folder .. "/en.txt")
  test.equal(m:parameter "model.embed_tokens.weight".shape, { #merged, 32 })
end

suite["memory is told beforehand"] = function()
  local function bytes(more)
    local description = { hidden_size = 4096, num_hidden_layers = 32, num_attention_heads = 32,
      intermediate_size = 11008, vocab_size = 32000, lora = { rank = 8 } }
    for name, value in pairs(more) do description[name] = value end
    local shape = yy.model.describe(description)
    return shape.weight_bytes / shape.parameters, shape
  end
  test.near(bytes {}, 4, 1e-9)
  test.near(bytes { dtype = "bf16" }, 2, 0.01)
  test.near(bytes { quantize = "int8" }, 1.0625 + 0.04, 0.01)
  local each, shape = bytes { quantize = "nf4" }
  test.near(each, 0.516 + 0.06, 0.01)
  test.ok(tostring(shape):find "nf4   3.3 GB, 0.516 bytes a weight")
end

suite["training frozen weights is refused with what to do"] = function(folder)
  local m = yy.model.load(base(folder), { quantize = "nf4" })
  test.raises("bad argument #1 'names' to 'Model:train_only' ('layers' takes in "
    .. "'model.layers.0.self_attn.q_proj.weight', which is frozen in nf4: add_lora puts an adapter beside it that is "
    .. "trained instead, or load the model without quantize)", function() m:train_only { "layers" } end)
  m:add_lora { rank = 2 }
  test.raises("bad argument #1 'options' to 'Model:merge_lora' (option 'check': a text with tokens expected)",
    function() m:merge_lora { check = "" } end)
end

return suite
