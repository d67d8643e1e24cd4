local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

suite["is described without weights"] = function()
  local shape = yy.model.describe {
    architecture = "llama", hidden_size = 4096, num_hidden_layers = 32, num_attention_heads = 32, intermediate_size = 11008,
    vocab_size = 49953,
  }
  test.equal({ shape.parameters, shape.trainable }, { 6885486592, 6885486592 })
  shape = yy.model.describe {
    hidden_size = 4096, num_hidden_layers = 32, num_attention_heads = 32, intermediate_size = 11008, vocab_size = 49953,
    lora = { rank = 8, alpha = 32, targets = { "q", "k", "v", "o" }, train = { "embedding", "head" } },
  }
  test.equal(shape.trainable, 2 * 49953 * 4096 + 32 * 4 * 2 * 8 * 4096)
  test.near(shape.trainable_percentage, 100 * shape.trainable / shape.parameters)
  test.ok(tostring(shape):find "trainable")
end

suite["is made by the names of config.json, the same for the same seed"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  local m = samples.model(tok)
  test.equal({ m.vocab_size, m.hidden_size, m.num_hidden_layers, m.context_length }, { 480, 32, 2, 64 })
  test.equal(m.parameters, m.trainable)
  test.equal(#m.tokenizer, 480)
  local name = m.parameter_names[1]
  test.equal(m:parameter(name):to_table(), samples.model(tok):parameter(name):to_table())
  test.ok(tostring(m):find "trainable")
end

suite["takes more pieces, each starting as the mean of its old ones"] = function(folder)
  local en, zh = samples.tokenizer(folder, "en"), samples.tokenizer(folder, "zh", 520)
  local merged = en:merge(zh)
  local m = samples.model(en)
  local added = m:extend_vocabulary(merged)
  test.equal({ added, m.vocab_size, #m.tokenizer }, { #merged - #en, #merged, #merged })
  local rows = m:parameter "model.embed_tokens.weight"
  local id = #en
  local old = en:encode(merged:piece(id))
  if en:piece(old[1]) == "▁" then table.remove(old, 1) end          -- the space that stands before every text
  local sum = 0
  for _, part in ipairs(old) do sum = sum + rows:rows(part + 1, part + 1):to_table()[1][1] end
  test.near(rows:rows(id + 1, id + 1):to_table()[1][1], sum / #old)

  local other = samples.model(en)
  other:extend_vocabulary(merged, { init = function(piece, old_ids)
    test.equal({ type(piece), type(old_ids) }, { "string", "table" })
    local row = {}
    for i = 1, 32 do row[i] = 0.5 end
    return row
  end })
  test.equal(other:parameter "model.embed_tokens.weight":rows(-1):to_table()[1][32], 0.5)
end

suite["trains what is asked for"] = function(folder)
  local m = samples.model(samples.tokenizer(folder, "zh"), { tie_word_embeddings = false })
  m:train_only { "embedding" }
  test.equal(m.trainable, 480 * 32)
  m:train_only { "none" }
  test.equal(m.trainable, 0)
  m:add_lora { rank = 8, alpha = 32, targets = { "q", "k", "v", "o" }, train = { "embedding", "head" } }
  test.equal(m.trainable, 2 * 480 * 32 + 2 * 8 * (4 * 32 + 4 * 32 - 2 * 16))
end

suite["saves and loads the model and its adapter"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  local m = samples.model(tok)
  m.template = "alpaca"
  m:save(folder .. "/base")
  m:add_lora { rank = 4, alpha = 8, seed = 3 }
  m:save_adapter(folder .. "/adapter")
  local before = m:logits { 1, 2, 3 }:to_table()
  local again = yy.model.load(folder .. "/base")
  test.equal({ again.template, again.parameters }, { "alpaca", m.parameters - 2 * 4 * (64 + 48 + 48 + 64) })
  again:load_adapter(folder .. "/adapter")
  test.equal(again:logits { 1, 2, 3 }:to_table(), before)
  again:merge_lora()
  test.equal(again.parameters, samples.model(tok).parameters)
  m:detach_lora()
  test.equal(m.parameters, again.parameters)
end

suite["scores tokens and gives logits"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  local m = samples.model(tok)
  local logits = m:logits { 1, 10, 20 }
  test.equal(logits.shape, { 3, 480 })
  local scores = m:score "从前有一只小猫"
  local ids = tok:encode "从前有一只小猫"
  test.equal(#scores, #ids)
  test.equal({ scores[1].id, scores[1].piece, scores[#ids + 1] }, { ids[1], tok:piece(ids[1]) })
  local rows = m:logits { tok.bos_id }:log_softmax():to_table()
  test.near(scores[1].logprob, rows[1][ids[1] + 1], 1e-4)
  test.ok(scores[1].rank >= 1 and scores[1].entropy > 0)
  test.ok(tostring(scores):find("(-", 1, true))
end

suite["tells what cannot be made"] = function(folder)
  local function with(more)
    local description = { hidden_size = 32, num_hidden_layers = 1, num_attention_heads = 4, vocab_size = 16 }
    for name, value in pairs(more) do description[name] = value end
    return description
  end
  test.raises("bad argument #1 'description' to 'model.new' (option 'num_hidden_layers' is required)",
    function() yy.model.new { hidden_size = 32 } end)
  test.raises("bad argument #1 'description' to 'model.new' (option 'vocab_size': vocab_size or tokenizer expected)",
    function() yy.model.new { hidden_size = 32, num_hidden_layers = 1, num_attention_heads = 4 } end)
  test.raises("bad argument #1 'description' to 'model.new' (unknown option 'hiden_size'; did you mean 'hidden_size'?)",
    function() yy.model.new { hiden_size = 32 } end)
  test.raises("bad argument #1 'description' to 'model.new' (option 'architecture': 'llama' expected, got 'gpt2')",
    function() yy.model.new(with { architecture = "gpt2" }) end)
  test.raises("bad argument #1 'description' to 'model.new' (option 'num_attention_heads': 5 heads do not divide hidden_size 32 and head_dim is not given)",
    function() yy.model.new(with { num_attention_heads = 5 }) end)
  test.raises("bad argument #1 'description' to 'model.new' (option 'num_key_value_heads': 3 does not divide num_attention_heads 4)",
    function() yy.model.new(with { num_key_value_heads = 3 }) end)
  test.raises("bad argument #1 'description' to 'model.new' (option 'vocab_size': a positive number expected, got 0)",
    function() yy.model.new(with { vocab_size = 0 }) end)
  test.raises("bad argument #1 'description' to 'model.new' (option 'tokenizer': 480 pieces do not fit the model's vocabulary of 16; extend_vocabulary makes room)",
    function() yy.model.new(with { tokenizer = samples.tokenizer(folder, "zh") }) end)
  test.raises("bad argument #1 'description' to 'model.new' (option 'lora': a new model gets its adapter from add_lora)",
    function() yy.model.new(with { lora = { rank = 4 } }) end)
end

suite["saves the base that adapters go onto from then on"] = function(folder)
  samples.model(samples.tokenizer(folder, "en")):save(folder .. "/first")
  local m = yy.model.load(folder .. "/first")
  local merged = m.tokenizer:merge(samples.tokenizer(folder, "zh"))
  m:extend_vocabulary(merged)
  m:save(folder .. "/second", { base = true })
  m:add_lora { rank = 2, train = { "embedding" } }
  m:save_adapter(folder .. "/adapter")
  local config = yy.json.decode(yy.files.read(folder .. "/adapter/adapter_config.json"))
  test.equal(config.base_model_name_or_path, folder .. "/second")
  local again = yy.model.load(folder .. "/second")
  again:load_adapter(folder .. "/adapter")
  test.equal(again:logits { 1, 2, 3 }:to_table(), m:logits { 1, 2, 3 }:to_table())
end

suite["tells what cannot be loaded"] = function(folder)
  test.raises(folder .. "/none: no such file or folder", function() yy.model.load(folder .. "/none") end)
  test.raises(folder .. "/config.json: no such file or folder", function() yy.model.load(folder) end)
  local m = samples.counting()
  m:save(folder .. "/m")
  local weights = folder .. "/m/model.safetensors"
  local bytes = yy.files.read(weights)
  yy.files.write(weights, bytes:sub(1, -101))
  test.raises(folder .. "/m/model.safetensors: field 'model.norm.weight': bytes 76288 to 76416 are stated, but the file holds 76316: it is cut short",
    function() yy.model.load(folder .. "/m") end)
  yy.files.write(weights, bytes:sub(1, 4))
  test.raises(folder .. "/m/model.safetensors: 4 bytes are too few for a safetensors file: it is cut short or something else",
    function() yy.model.load(folder .. "/m") end)
  local lying, count = bytes:gsub('"data_offsets": %[0, (%d+)%]', function(digits)
    return ('"data_offsets": [0, %s]'):format(("9"):rep(#digits))
  end, 1)
  test.equal(count, 1)
  yy.files.write(weights, lying)
  test.raises(folder .. "/m/model.safetensors: field 'model.embed_tokens.weight': F32 of shape [16, 32] takes 2048 bytes, but data_offsets give 9999",
    function() yy.model.load(folder .. "/m") end)
  yy.files.write(weights, bytes)
  local config = yy.json.decode(yy.files.read(folder .. "/m/config.json"))
  local function with(name, value)
    local changed = {}
    for key, old in pairs(config) do changed[key] = old end
    changed[name] = value
    yy.files.write(folder .. "/m/config.json", yy.json.encode(changed))
  end
  with("hidden_act", "gelu")
  test.raises(folder .. "/m/config.json: field 'hidden_act': \"gelu\" is not supported",
    function() yy.model.load(folder .. "/m") end)
  with("hidden_size", "32")
  test.raises(folder .. "/m/config.json: field 'hidden_size': whole number expected, got string",
    function() yy.model.load(folder .. "/m") end)
  with("intermediate_size", 72)
  test.raises(folder .. "/m/model.safetensors: field 'model.layers.0.mlp.gate_proj.weight': shape [72, 32] expected by config.json, got [64, 32]",
    function() yy.model.load(folder .. "/m") end)
  with("sliding_window", 16)
  test.raises(folder .. "/m/config.json: field 'sliding_window': 16 is not supported",
    function() yy.model.load(folder .. "/m") end)
  with("model_type", "gpt2")
  test.raises(folder .. "/m/config.json: field 'model_type': \"gpt2\" is not supported: llama is",
    function() yy.model.load(folder .. "/m") end)
  with("hidden_size", config.hidden_size)
  test.raises("bad argument #2 'options' to 'model.load' (option 'dtype': \"f32\" or \"bf16\" expected, got \"int3\")",
    function() yy.model.load(folder .. "/m", { dtype = "int3" }) end)
  test.raises("bad argument #2 'options' to 'model.load' (option 'quantize': \"int8\" or \"nf4\" expected, got \"fp4\")",
    function() yy.model.load(folder .. "/m", { quantize = "fp4" }) end)
  test.raises(folder .. "/en.txt: is not a sound sentencepiece model: field 10 has the unknown wire type 4",
    function() yy.model.load(folder .. "/m", { tokenizer = samples.text(folder, "en", 1) }) end)
  samples.tokenizer(folder, "zh"):save(folder .. "/zh.model")
  test.raises("bad argument #2 'options' to 'model.load' (option 'tokenizer': 480 pieces do not fit the model's vocabulary of 16; extend_vocabulary makes room)",
    function() yy.model.load(folder .. "/m", { tokenizer = folder .. "/zh.model" }) end)
end

suite["tells what cannot be changed"] = function(folder)
  local en, zh = samples.tokenizer(folder, "en"), samples.tokenizer(folder, "zh", 520)
  local m = samples.model(en)
  test.raises("bad argument #1 'tokenizer' to 'Model:extend_vocabulary' (id 259 is '一只', but 'he' in the model's tokenizer)",
    function() m:extend_vocabulary(zh) end)
  test.raises("bad argument #1 'names' to 'Model:train_only' (unknown name 'embeddings': embedding, head, norms, layers, all, none are known)",
    function() m:train_only { "embeddings" } end)
  test.raises("bad argument #1 'names' to 'Model:train_only' (table expected, got string)",
    function() m:train_only "embedding" end)
  test.raises("bad argument #1 'options' to 'Model:add_lora' (option 'targets': unknown name 'w': q, k, v, o, gate, up, down are known)",
    function() m:add_lora { targets = { "q", "w" } } end)
  test.raises("bad argument #1 'options' to 'Model:add_lora' (option 'rank': a positive number expected, got 0)",
    function() m:add_lora { rank = 0 } end)
  test.raises("lora: there is no adapter to merge", function() m:merge_lora() end)
  test.raises("lora: there is no adapter: add_lora makes one", function() m:save_adapter(folder .. "/adapter") end)
  test.raises(folder .. "/none/adapter_config.json: no such file or folder",
    function() m:load_adapter(folder .. "/none") end)
  test.raises("bad argument #1 'name' to 'Model:parameter' (there is no parameter 'model.norm.wieght'; did you mean 'model.norm.weight'?)",
    function() m:parameter "model.norm.wieght" end)
  test.raises("template 'alpacca': is not known; there are 'alpaca', 'ymcui-alpaca'",
    function() m.template = "alpacca" end)
  test.raises("'parameters' of Model is read-only", function() m.parameters = 3 end)
  test.raises(folder .. "/en.txt: is a file, a folder is needed", function() m:save(folder .. "/en.txt") end)
  test.raises("bad argument #1 'ids' to 'Model:logits' (at least one token id expected)", function() m:logits {} end)
  test.raises("bad argument #1 'ids' to 'Model:logits' (token id 480 is not in the vocabulary of 360)",
    function() m:logits { 1, 480 } end)
  local merged = en:merge(zh)
  test.raises("bad argument #2 'options' to 'Model:extend_vocabulary' (option 'init': 32 numbers expected for '一只', got 1)",
    function() m:extend_vocabulary(merged, { init = function() return { 1 } end }) end)
  test.raises("bad argument #2 'options' to 'Model:extend_vocabulary' (option 'init': 'pieces'|'mean'|'noise' expected, got 'means'; did you mean 'mean'?)",
    function() m:extend_vocabulary(merged, { init = "means" }) end)
  m:add_lora {}
  test.raises("lora: this model was never saved: save first the base that the adapter goes onto",
    function() m:save_adapter(folder .. "/adapter") end)
  m:save(folder .. "/base")
  m:save_adapter(folder .. "/adapter")
  test.raises("lora: there is an adapter already: merge it or take it off first",
    function() m:load_adapter(folder .. "/adapter") end)
end

suite["tells the memory of its weights"] = function()
  local shape = { hidden_size = 8, num_hidden_layers = 1, num_attention_heads = 2, intermediate_size = 16, vocab_size = 10 }
  local norms, rest = 3 * 8, 2 * 10 * 8 + 4 * 8 * 8 + 3 * 8 * 16
  test.equal(yy.model.new(shape).weight_bytes, 4 * (norms + rest))
  shape.dtype = "bf16"
  test.equal(yy.model.new(shape).weight_bytes, 4 * norms + 2 * rest)
end

return suite
