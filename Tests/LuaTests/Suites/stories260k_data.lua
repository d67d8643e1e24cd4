-- Needs YUYAN_DATA: a checkpoint of llama2.c with what another implementation made of it.
local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

local folder = os.getenv "YUYAN_DATA" .. "/model/stories260K/"

local function load()
  return yy.model.load(folder .. "stories260K.bin", { tokenizer = folder .. "tok512.bin" }),
    yy.json.decode(yy.files.read(folder .. "reference.json"))
end

suite["continues as the reference does"] = function()
  local m, reference = load()
  test.equal(m.parameters, reference.params)
  local greedy = reference.greedy
  local options = { max_tokens = #greedy.ids - #greedy.start, temperature = 0, return_ids = true }
  test.equal(m:generate(greedy.start, options), greedy.ids)
end

suite["gives the reference's logits and likelihoods"] = function()
  local m, reference = load()
  test.equal(m.tokenizer:encode(reference.prompt.text), { table.unpack(reference.prompt.ids, 2) })
  local logits = m:logits(reference.prompt.ids):rows(-1):to_table()[1]
  for i, expected in ipairs(reference.prompt.last_logits_first8) do test.near(logits[i], expected, 1e-3) end
end

suite["is the same after it went through a Hugging Face folder"] = function(own)
  local m, reference = load()
  m:save(own .. "/m")
  local again = yy.model.load(own .. "/m")
  test.equal(again:logits(reference.eval.ids):to_table(), m:logits(reference.eval.ids):to_table())
end

return suite
