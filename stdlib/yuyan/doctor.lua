--- The self-test of `yuyan doctor`: a vocabulary is trained, a tiny model learns, stops, goes on, is saved, loaded and
--- asked, all with the public API alone.
local yy = require "yuyan"

local doctor = {}

--- Runs one check and prints its line; `body` gives the words for it.
local function check(name, body)
  local done, result = pcall(body)
  print(("%-13s %s"):format(name, done and "ok, " .. result or "FAILED: " .. tostring(result)))
  return done
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

--- Lines of two small languages, always the same.
local function sentences()
  local words = { "swift", "river", "sky", "雨燕", "天空", "河", "flies", "飞", "。", "over", "在", "上" }
  local lines, n = {}, 1
  for i = 1, 200 do
    local line = {}
    for j = 1, 8 do
      n = (n * 1103515245 + 12345) % 2147483648
      line[j] = words[1 + n // 65536 % #words]
    end
    lines[i] = table.concat(line, i % 2 == 0 and " " or "")
  end
  return table.concat(lines, "\n")
end

local function new_model(tokenizer)
  return yy.model.new {
    architecture = "llama", hidden_size = 64, num_hidden_layers = 2, num_attention_heads = 4, tokenizer = tokenizer, seed = 1,
  }
end

local function train(model, path, more)
  local all = {
    model = model, data = yy.data.pack(yy.data.text { path }, { tokenizer = model.tokenizer, length = 64 }), steps = 12,
    batch_size = 4, seed = 1, lr = yy.schedule.cosine { peak = 5e-3 },
  }
  for name, value in pairs(more or {}) do all[name] = value end
  return yy.train.run(all)
end

local function greedy(model)
  return model:generate("swift", { max_tokens = 12, temperature = 0, return_ids = true })
end

local function same(a, b) return table.concat(a, " ") == table.concat(b, " ") end

--- The checks in order; each uses what those before it made.
local function checks(folder)
  local text = folder .. "/text.txt"
  local tokenizer, model, whole
  local function parameters(of) return of:parameter(of.parameter_names[1]):to_table() end
  return {
    { "vocabulary", function()
      write(text, sentences())
      tokenizer = yy.tokenizer.train { files = { text }, kind = "bpe", vocab_size = 320 }
      local line = "雨燕 over 河 🐦"
      local back = tokenizer:decode(tokenizer:encode(line))
      assert(back == line, "decoding gives '" .. back .. "'")
      return #tokenizer .. " pieces"
    end },
    { "training", function()
      model = new_model(tokenizer)
      whole = train(model, text)
      local first, last = whole.history[1].loss, whole.history[#whole.history].loss
      assert(last < first - 0.5, ("the loss went from %.3f to %.3f"):format(first, last))
      return ("loss %.2f to %.2f"):format(first, last)
    end },
    { "resuming", function()
      local resumed = new_model(tokenizer)
      local checkpoint = { dir = folder .. "/checkpoints", every = 4 }
      pcall(train, resumed, text, {
        checkpoint = checkpoint, on_step = function(s) if s.step == 6 then error "stop" end end,
      })
      local run = train(resumed, text, { checkpoint = checkpoint, resume = true })
      assert(run.resumed_from == 4, "it did not continue from step 4")
      assert(run.history[12].loss == whole.history[12].loss, "the losses differ")
      for _, name in ipairs(model.parameter_names) do
        local a, b = model:parameter(name):to_table(), resumed:parameter(name):to_table()
        assert(yy.json.encode(a) == yy.json.encode(b), name .. " differs")
      end
      return "bit for bit"
    end },
    { "saving", function()
      model:save(folder .. "/model")
      local loaded = yy.model.load(folder .. "/model")
      assert(same(greedy(loaded), greedy(model)), "the loaded model answers otherwise")
      return "a Hugging Face folder"
    end },
    { "generating", function()
      local options = { max_tokens = 40, temperature = 0.8, seed = 1 }
      local text = model:generate("swift", options)
      assert(text == model:generate("swift", options), "the same seed gives another text")
      return "the same text for the same seed"
    end },
  }
end

--- Runs all checks up to the first that fails, which is an error at the end.
function doctor.run()
  local folder = os.tmpname()
  os.remove(folder)
  yy.files.make_folder(folder)
  local good = true
  for _, one in ipairs(checks(folder)) do good = good and check(one[1], one[2]) end
  if yy.files.exists(folder) then yy.files.remove(folder) end
  if not good then error("the self-test failed", 0) end
end

return doctor
