local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

local function model(folder)
  local m = samples.model(samples.tokenizer(folder, "zh"), { max_position_embeddings = 160 })
  m.template = "alpaca"
  return m
end

suite["continues text, and ids"] = function(folder)
  local m = model(folder)
  local text = m:generate("从前有一只猫", { max_tokens = 12, temperature = 0.6, top_p = 0.8, repetition_penalty = 1.1, seed = 1 })
  test.equal(type(text), "string")
  test.equal(m:generate("从前有一只猫", { max_tokens = 12, temperature = 0.6, top_p = 0.8, repetition_penalty = 1.1, seed = 1 }), text)
  local ids = m:generate({ 1 }, { max_tokens = 10, temperature = 0, return_ids = true })
  test.ok(#ids <= 11 and ids[1] == 1)
  test.equal(m:generate({ 1 }, { max_tokens = 10, temperature = 0, return_ids = true }), ids)
  local logits = m:logits(ids):to_table()
  for i = 2, #ids do
    local best = 1
    for j = 1, #logits[i - 1] do
      if logits[i - 1][j] > logits[i - 1][best] then best = j end
    end
    test.equal(ids[i], best - 1)
  end
end

suite["continues several prompts together as it continues each alone"] = function(folder)
  local m = model(folder)
  local prompts = { "从前有一只猫", "小", { 1 }, "从前有一只猫", "花园里有很多很多漂亮的花" }
  for _, options in ipairs {
    { max_tokens = 12, temperature = 0 }, { max_tokens = 20, temperature = 0.8, top_k = 30, seed = 7 },
    { max_tokens = 9, seed = 3, return_ids = true }, { max_tokens = 30, seed = 5, stop = { "的", "猫" } },
  } do
    local alone = {}
    for i, prompt in ipairs(prompts) do alone[i] = m:generate(prompt, options) end
    test.equal(m:generate(prompts, options), alone)
  end
  test.equal(m:generate({ { 1, 5 } }, { max_tokens = 3, seed = 1 }), { m:generate({ 1, 5 }, { max_tokens = 3, seed = 1 }) })
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'max_tokens': in prompt 2: the prompt of 2 tokens and max_tokens 159 make 161, more than the model's context of 160)",
    function() m:generate({ { 1 }, { 1, 5 } }, { max_tokens = 159 }) end)
  test.raises("bad argument #1 'prompt' to 'Model:generate' (element 2: string or integer[] expected, got number)",
    function() m:generate({ "从前", 5 }, {}) end)
  test.raises("bad argument #1 'prompt' to 'Model:generate' (token ids from 0 to 479 expected, got 480)",
    function() m:generate({ "从前", { 1, 480 } }, {}) end)
end

suite["streams the same text in whole characters"] = function(folder)
  local m = model(folder)
  local options = { max_tokens = 40, top_k = 40, seed = 2 }
  local parts = {}
  for piece in m:stream("从前", options) do
    test.ok(utf8.len(piece), "whole characters")
    parts[#parts + 1] = piece
  end
  test.equal(table.concat(parts), m:generate("从前", options))
end

suite["lets a function change the logits"] = function(folder)
  local m = model(folder)
  local lengths = {}
  local ids = m:generate({ 1, 5 }, { max_tokens = 3, temperature = 0, return_ids = true, logits = function(logits, ids)
    lengths[#lengths + 1] = #ids
    test.equal(logits[479] ~= nil, true)
    test.equal(logits[480], nil)
    logits[300 + #ids] = 1000
  end })
  test.equal(ids, { 1, 5, 302, 303, 304 })
  test.equal(lengths, { 2, 3, 4 })
  ids = m:generate({ 1 }, { max_tokens = 2, return_ids = true, seed = 1, logits = function(logits)
    for id = 0, 479 do if id ~= 42 then logits[id] = -math.huge end end
  end })
  test.equal(ids, { 1, 42, 42 })
end

suite["ends at stop strings"] = function(folder)
  local m = model(folder)
  local a = m.tokenizer:id "猫"
  local function cats(logits) logits[a] = 1e6 end
  test.equal(m:generate("从", { max_tokens = 5, temperature = 0, logits = cats }), "猫猫猫猫猫")
  test.equal(m:generate("从", { max_tokens = 5, temperature = 0, logits = cats, stop = "猫猫" }), "")
  test.equal(m:generate("从", { max_tokens = 5, temperature = 0, logits = cats, stop = { "狗", "猫" } }), "")
end

suite["answers and talks in the template"] = function(folder)
  local m = model(folder)
  local answer = m:answer("写", { max_tokens = 4, temperature = 0 })
  test.equal(answer, m:answer("写", { max_tokens = 4, temperature = 0 }))
  local conversation = m:conversation { max_tokens = 4, temperature = 0 }
  local parts = {}
  local reply = conversation:reply("写", function(piece) parts[#parts + 1] = piece end)
  test.equal((table.concat(parts):gsub("^%s+", ""):gsub("%s+$", "")), (reply:gsub("^%s+", ""):gsub("%s+$", "")))
  test.equal(#conversation, 2)
  conversation:reset()
  test.equal(#conversation, 0)
end

suite["tells what it cannot do"] = function(folder)
  local m = model(folder)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'max_tokens': the prompt of 2 tokens and max_tokens 500 make 502, more than the model's context of 160)",
    function() m:generate("从前", { max_tokens = 500 }) end)
  test.raises("bad argument #1 'prompt' to 'Model:generate' (400 tokens leave no room for an answer in the model's context of 160)",
    function() m:generate(("从前"):rep(200)) end)
  m.template = "alpaca"
  local _, told = pcall(m.answer, m, ("从前"):rep(200))
  test.ok(tostring(told):find("bad argument #1 'instruction' to 'Model:answer' %(%d+ tokens leave no room for an answer"), told)
  _, told = pcall(m:conversation().reply, m:conversation(), ("从前"):rep(200))
  test.ok(tostring(told):find("bad argument #1 'text' to 'Conversation:reply' %(%d+ tokens leave no room for an answer"), told)
  test.raises("bad argument #2 'options' to 'Model:generate' (unknown option 'max_token'; did you mean 'max_tokens'?)",
    function() m:generate("从前", { max_token = 5 }) end)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'temperature': a number from 0 on expected, got -1.0)",
    function() m:generate("从前", { temperature = -1 }) end)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'top_p': a number above 0 and up to 1 expected, got 2.0)",
    function() m:generate("从前", { top_p = 2 }) end)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'top_k': a positive number expected, got 0)",
    function() m:generate("从前", { top_k = 0 }) end)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'max_tokens': a positive number expected, got -1)",
    function() m:generate("从前", { max_tokens = -1 }) end)
  test.raises("bad argument #1 'prompt' to 'Model:generate' (at least one token expected)",
    function() m:generate({}, {}) end)
  test.raises("bad argument #1 'prompt' to 'Model:generate' (token ids from 0 to 479 expected, got 480)",
    function() m:generate({ 1, 480 }, {}) end)
  test.raises("bad argument #1 'prompt' to 'Model:generate' (string or integer[] expected, got nil)",
    function() m:generate(nil) end)
  test.raises("bad argument #2 'options' to 'Model:stream' (option 'return_ids': a stream gives text; generate gives ids)",
    function() m:stream("从前", { return_ids = true }) end)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'logits': a number expected in logits[3], got string)",
    function() m:generate("从前", { logits = function(logits) logits[3] = "x" end }) end)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'logits': a number expected in logits[3], got nan)",
    function() m:generate("从前", { logits = function(logits) logits[3] = 0 / 0 end }) end)
  test.raises("from the hook", function() m:generate("从前", { logits = function() error "from the hook" end }) end)
  test.raises("bad argument #2 'options' to 'Model:generate' (option 'logits': every token is excluded (-inf))",
    function()
    m:generate("从前", { logits = function(logits) for id = 0, 479 do logits[id] = -math.huge end end })
  end)
  m.template = nil
  test.raises("bad self in 'Model:answer' (a model with a template expected; set m.template = 'alpaca')",
    function() m:answer "写" end)
  test.raises("model: it has no chat template; there are 'alpaca', 'ymcui-alpaca'", function() m:conversation() end)
  local bare = samples.counting()
  test.raises("model: it has no tokenizer to read text with", function() bare:generate "从前" end)
  test.raises("model: it has no tokenizer", function() bare:score "从前" end)
end

return suite
