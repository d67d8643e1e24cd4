--- The self-test of `yuyan doctor`: a tiny model is trained, saved, loaded and asked, with the public API alone.
local yy = require "yuyan"

local doctor = {}

local function check(name, body)
  local start = os.clock()
  local done, result = pcall(body)
  local words = done and (result or "ok") or "FAILED: " .. tostring(result)
  print(("%-14s%s  (%.2f s)"):format(name, words, os.clock() - start))
  return done
end

--- Runs all checks; an error at the end when one failed.
function doctor.run()
  local folder = os.tmpname()
  os.remove(folder)
  local model, before
  local good = true
  local ids = {}
  for i = 1, 64 do ids[i] = 1 + i % 8 end

  good = check("train", function()
    model = yy.model.new {
      architecture = "llama", hidden_size = 32, num_hidden_layers = 2, num_attention_heads = 4,
      intermediate_size = 64, vocab_size = 16, seed = 1,
    }
    local run = yy.train.run {
      model = model, data = yy.data.ids(ids, { length = 16 }), steps = 20, batch_size = 2, seed = 1,
      optimizer = yy.optim.adamw {}, lr = yy.schedule.constant { peak = 1e-2 },
    }
    local first, last = run.history[1].loss, run.history[#run.history].loss
    assert(last < first, "the loss did not fall")
    return ("loss %.3f -> %.3f"):format(first, last)
  end) and good

  good = good and check("save, load", function()
    before = model:generate({ 1, 2 }, { max_tokens = 8, temperature = 0, return_ids = true })
    model:save(folder)
    model = yy.model.load(folder)
  end)

  good = good and check("generate", function()
    local after = model:generate({ 1, 2 }, { max_tokens = 8, temperature = 0, return_ids = true })
    assert(table.concat(before, " ") == table.concat(after, " "), "the loaded model answers otherwise")
  end)

  if yy.files.exists(folder) then yy.files.remove(folder) end
  if not good then error("the self-test failed", 0) end
end

return doctor
