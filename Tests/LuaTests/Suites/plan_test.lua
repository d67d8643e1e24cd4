local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

--- Options of a short run, with more of them.
local function options(more)
  local model, rows = samples.counting()
  local all = { model = model, data = rows, steps = 6, batch_size = 2, seed = 1, lr = 1e-2 }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local description = {
  hidden_size = 4096, num_hidden_layers = 32, num_attention_heads = 32, intermediate_size = 11008, vocab_size = 49953,
  lora = { rank = 8, train = { "embedding", "head" } },
}

suite["adds up what a run takes by purpose"] = function()
  local plan = yy.train.plan(options())
  test.equal(plan.peak,
    plan.weights + plan.gradients + plan.optimizer + plan.activations + plan.reserve + plan.program)
  local model = samples.counting()
  test.equal(plan.weights, 4 * model.parameters)
  test.equal(plan.optimizer, 8 * model.trainable)
  test.equal(#plan.layers, 2)
  test.ok(plan.layers[1] > 0 and plan.layers[1] + plan.layers[2] < plan.activations)
  test.equal({ plan.fits, #plan.advice, plan.steps, plan.evaluation }, { true, 0, 6, nil })
  test.equal({ plan.tokens_per_second, plan.hours, plan.disk, plan.checkpoints }, { nil, nil, 0, 0 })
end

suite["plans for a shape that need not exist"] = function()
  local shape = yy.model.describe(description)
  local plan = yy.train.plan { model = shape, length = 512, max_memory = "32 GB" }
  test.equal(plan.weights, 4 * shape.parameters)
  test.equal(plan.optimizer, 8 * shape.trainable)
  test.equal({ plan.max_memory, plan.fits, #plan.layers }, { 32000000000, false, 32 })
  local text = tostring(plan)
  test.ok(text:find("max_memory: DOES NOT FIT", 1, true))
  for line in text:gmatch "[^\n]+" do test.ok(#line <= 80) end
  local advised = {}
  for _, advice in ipairs(plan.advice) do
    test.ok(advice.saves > 0 and #advice.price > 0)
    advised[advice.change] = advice
  end
  -- What it says is what the plan of the changed run says.
  local function saved(changes)
    local smaller = yy.train.plan(changes)
    return plan.peak - plan.program - (smaller.peak - smaller.program)
  end
  local changed = { dtype = "bf16" }
  for name, value in pairs(description) do changed[name] = value end
  local half = advised['dtype = "bf16"']
  test.equal({ half.fits, half.saves }, { true, saved { model = yy.model.describe(changed), length = 512 } })
  local again = advised["recompute = true"]
  test.equal({ again.fits, again.saves }, { false, saved { model = shape, length = 512, recompute = true } })
end

suite["measures without changing anything"] = function()
  local function finished(measure)
    local all = options()
    if measure then
      local more = { measure = true, lr = 1e-2 }
      for name, value in pairs(all) do more[name] = value end
      local plan = yy.train.plan(more)
      test.ok(plan.tokens_per_second > 0 and plan.seconds_per_step > 0)
      test.near(plan.hours, 6 * plan.seconds_per_step / 3600)
      test.ok(tostring(plan):find("tokens/s", 1, true))
    end
    yy.train.run(all)
    local values = {}
    for _, name in ipairs(all.model.parameter_names) do values[name] = all.model:parameter(name):to_table() end
    return values
  end
  test.equal(finished(true), finished(false))
end

suite["counts checkpoints and evaluations"] = function(folder)
  local plan = yy.train.plan(options {
    checkpoint = { dir = folder .. "/run", every = 1, keep = 2 },
    evaluate = { data = "a text", every = 2 },
    model = samples.model(samples.tokenizer(folder, "en")),
  })
  test.equal(plan.checkpoints, 4)
  test.equal(plan.disk, 4 * 12 * samples.model(samples.tokenizer(folder, "en")).trainable)
  test.ok(plan.evaluation > 0 and plan.evaluation < plan.peak)
  test.ok(not yy.files.exists(folder .. "/run"))
end

suite["tells what is wrong with the options"] = function()
  local function plan(more)
    return function() yy.train.plan(options(more)) end
  end
  local function raises(reason, more) test.raises("bad argument #1 'options' to 'train.plan' (" .. reason .. ")", plan(more)) end
  raises("option 'max_memory': a number of bytes, or a text such as '4GB', expected, got 'much'", { max_memory = "much" })
  raises("option 'max_memory': a positive number expected, got 0", { max_memory = 0 })
  raises("option 'length': the data have a length already", { length = 16 })
  raises("option 'batch_size': a positive number expected, got 0", { batch_size = 0 })
  raises("unknown option 'mesure'; did you mean 'measure'?", { mesure = true })
  raises("option 'measure': steps need a model, this is a shape", { model = yy.model.describe(description), measure = true })
  test.raises("bad argument #1 'options' to 'train.plan' (option 'data': rows expected, or their length)",
    function() yy.train.plan { model = samples.counting() } end)
  local model, rows = samples.counting()
  model:train_only { "none" }
  raises("option 'model': no parameter is trained: call train_only or add_lora first", { model = model, data = rows })
end

return suite
