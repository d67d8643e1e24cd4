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

suite["lowers the loss and keeps a record of every step"] = function()
  local run = yy.train.run(options { steps = 20 })
  test.equal(#run.history, 20)
  local first, last = run.history[1], run.history[20]
  test.ok(last.loss < first.loss - 0.5)
  test.equal({ first.step, last.step, run.steps, run.resumed_from }, { 1, 20, 20 })
  test.equal(first.lr, 1e-2)
  test.ok(first.gradient_norm > 0 and first.tokens == 32 and first.trained_tokens == 30)
  test.ok(tostring(run):find("^run %(20 of 20 steps, loss "))
end

suite["takes schedules, numbers and functions as learning rate"] = function()
  local seen = {}
  local function rates(lr)
    local list = {}
    for i, record in ipairs(yy.train.run(options { lr = lr }).history) do list[i] = record.lr end
    return list
  end
  local cosine = yy.schedule.cosine { peak = 1e-3, warmup = 2 }
  test.equal(rates(cosine), { cosine(1, 6), cosine(2, 6), cosine(3, 6), cosine(4, 6), cosine(5, 6), cosine(6, 6) })
  test.equal(rates(yy.schedule.constant { peak = 1e-3 }), { 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3 })
  local linear = yy.schedule.linear { peak = 1, warmup = 0.5, floor = 0.5 }
  test.near(linear(3, 6), 1)
  test.equal(rates(function(step, steps)
    seen[#seen + 1] = steps
    return step * 1e-4
  end)[3], 3 * 1e-4)
  test.equal(seen[1], 6)
end

suite["clips the norm of all gradients, or does not"] = function()
  local function losses(clip)
    local list = {}
    for i, record in ipairs(yy.train.run(options { clip = clip }).history) do list[i] = record.loss end
    return list
  end
  test.equal(losses(1e9), losses(false))
  test.equal(losses(nil), losses(1.0))
  test.ok(losses(1e-3)[6] ~= losses(1.0)[6])
end

suite["calls hooks with the record and s.state"] = function()
  local steps = {}
  local run = yy.train.run(options {
    state = { best = 100 },
    on_step = function(s)
      steps[#steps + 1] = s.step
      s.state.best = math.min(s.state.best, s.loss)
      s.state.count = (s.state.count or 0) + 1
      test.ok(s.lr and s.tokens_per_second)
    end,
  })
  test.equal(steps, { 1, 2, 3, 4, 5, 6 })
  test.equal(run.state.count, 6)
  local least = math.huge
  for _, record in ipairs(run.history) do least = math.min(least, record.loss) end
  test.equal(run.state.best, least)
end

suite["evaluates on the way"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  local training, held_out = yy.data.split(yy.data.text { folder .. "/zh.txt" }, { held_out = 0.1, seed = 1 })
  local run = yy.train.run {
    model = samples.model(tok), data = yy.data.pack(training, { tokenizer = tok, length = 64 }), steps = 4, batch_size = 2,
    lr = 1e-3, evaluate = { data = held_out, every = 2 },
  }
  test.ok(run.history[2].evaluation_nll and run.history[4].evaluation_bits_per_byte)
  test.equal(run.history[1].evaluation_nll, nil)
end

suite["continues bit for bit from a checkpoint"] = function(folder)
  local function run(steps, dir, resume)
    local all = options {
      steps = 6, checkpoint = dir and { dir = dir, every = 2, keep = 2 }, resume = resume, optimizer = yy.optim.adamw {},
      lr = yy.schedule.cosine { peak = 1e-2, warmup = 0.1 },
      on_step = function(s)
        s.state.sum = (s.state.sum or 0) + s.loss
        if s.step == steps then error "stopped" end
      end,
    }
    local done, result = pcall(yy.train.run, all)
    return done and result, all.model
  end
  local whole, model = run(100, nil, false)
  test.equal(run(5, folder .. "/ckpt", true), false)
  local rest, resumed = run(100, folder .. "/ckpt", true)
  test.equal({ rest.resumed_from, rest.state.sum }, { 4, whole.state.sum })
  for _, name in ipairs(model.parameter_names) do
    test.equal(resumed:parameter(name):to_table(), model:parameter(name):to_table())
  end
  local losses, expected = {}, {}
  for i, record in ipairs(rest.history) do losses[i] = record.loss end
  for i, record in ipairs(whole.history) do expected[i] = record.loss end
  test.equal(losses, expected)
end

--- All numbers of a model.
local function weights(model)
  local all = {}
  for _, name in ipairs(model.parameter_names) do all[name] = model:parameter(name):to_table() end
  return all
end

suite["changes settings where it is resumed, on purpose"] = function(folder)
  local dir = folder .. "/ckpt"
  local function job(more)
    local all = options(more)
    all.checkpoint = { dir = dir, every = 3 }
    return all
  end
  local all = job { resume = { lr = 1e-3 } }
  test.raises(("bad argument #1 'options' to 'train.run' (option 'resume': there is no checkpoint in %s to continue with "
    .. "changes; resume = true starts where there is none)"):format(dir), function() yy.train.run(all) end)
  pcall(yy.train.run, job { resume = true, on_step = function(s) if s.step == 4 then error "stopped" end end })
  all = job { resume = { lr = 1e-3 }, seed = 2 }
  test.raises(("bad argument #1 'options' to 'train.run' (option 'resume': %s/step-000003 belongs to another run: seed: 1 "
    .. "there, 2 here. Undo this to continue it, or start a new run in another dir)"):format(dir),
    function() yy.train.run(all) end)
  all = job { resume = { stpes = 8 } }
  test.raises("bad argument #1 'options' to 'train.run' (option 'resume': unknown option 'stpes'; did you mean 'steps'?)",
    function() yy.train.run(all) end)
  local changed = yy.train.run(job {
    resume = { lr = function(step) return step * 1e-3 end, steps = 8, clip = false, optimizer = yy.optim.adamw { weight_decay = 0 } },
  })
  test.equal({ changed.resumed_from, changed.steps, #changed.history }, { 3, 8, 8 })
  test.equal({ changed.history[3].lr, changed.history[4].lr }, { 1e-2, 4e-3 })
  local names = {}
  for i, change in ipairs(changed.changes) do names[i] = change.name end
  test.equal(names, { "steps", "schedule", "optimizer", "clip" })
  test.equal(changed.changes[1], { name = "steps", before = "6", after = "8" })
  local lines = {}
  for line in io.lines(dir .. "/metrics.jsonl") do lines[#lines + 1] = yy.json.decode(line) end
  test.equal({ #lines, lines[4].step, #lines[4].changes, lines[5].step }, { 9, 4, 4, 4 })
end

suite["keeps only the inputs of blocks where asked to, with the same bits"] = function()
  local function run(recompute)
    local all = options { recompute = recompute }
    all.model:add_lora { rank = 4, dropout = 0.1, train = { "embedding" } }
    yy.train.run(all)
    return weights(all.model)
  end
  test.equal(run(true), run(false))
end

suite["verifies on a job that resuming is exact"] = function(folder)
  local all = options {
    checkpoint = { dir = folder .. "/ckpt" }, lr = yy.schedule.cosine { peak = 1e-2 },
    on_step = function(s) s.state.sum = (s.state.sum or 0) + s.loss end,
  }
  local before = weights(all.model)
  local report = yy.train.verify_resume(all, { at = 2, steps = 5, threads = { 1, 2 } })
  test.equal({ report.ok, report.at, report.steps, report.step, #report.differences }, { true, 2, 5, nil, 0 })
  test.equal({ report.threads, #report.weights, #report.moments }, { { 1, 2 }, 16, 16 })
  test.ok(tostring(report):find("^verified: cut at step 2 and resumed, the run has the same bits at step 5 as without a cut\n"))
  test.equal(weights(all.model), before)
  test.ok(not yy.files.exists(folder .. "/ckpt"))

  local seen = 0
  all.on_step = function(s)
    seen = seen + s.loss
    s.state.sum = seen
  end
  local found = yy.train.verify_resume(all, { at = 2, steps = 4 })
  test.equal({ found.ok, found.step, #found.differences }, { false, nil, 1 })
  test.ok(found.differences[1]:find("^cut at step 2 and resumed: s.state: "))
  test.ok(tostring(found):find("pure functions of their arguments and s.state", 1, true))

  all.on_step = function(s) if s.step == 4 then error "stopped" end end
  test.equal(pcall(yy.train.verify_resume, all, { at = 2 }), false)
  test.equal(weights(all.model), before)
  test.raises("bad argument #2 'options' to 'train.verify_resume' (option 'steps': a step after 4, where the run is cut, expected, got 3)",
    function() yy.train.verify_resume(all, { at = 4, steps = 3 }) end)
  test.raises("bad argument #2 'options' to 'train.verify_resume' (option 'at': a step from 1 to 5 expected, got 9)",
    function() yy.train.verify_resume(all, { at = 9 }) end)
  test.raises("bad argument #2 'options' to 'train.verify_resume' (option 'threads': positive numbers expected, got 0)",
    function() yy.train.verify_resume(all, { at = 2, threads = { 0 } }) end)
end

suite["tells what is wrong with the options"] = function()
  test.raises("bad argument #1 'options' to 'train.run' (option 'model' is required)", function() yy.train.run {} end)
  local function run(more)
    local all = options(more)
    return function() yy.train.run(all) end
  end
  test.raises("bad argument #1 'options' to 'train.run' (unknown option 'stpes'; did you mean 'steps'?)",
    function() yy.train.run(options { stpes = 3 }) end)
  local model, rows = samples.counting()
  test.raises("bad argument #1 'options' to 'train.run' (option 'lr' is required)",
    function() yy.train.run { model = model, data = rows } end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'data': Rows expected, got table)",
    function() yy.train.run { model = model, data = { 1, 2 }, lr = 1 } end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'lr': number, Schedule or function expected, got string)",
    function() yy.train.run { model = model, data = rows, lr = "fast" } end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'steps': a positive number expected, got 0)",
    function() yy.train.run { model = model, data = rows, lr = 1, steps = 0 } end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'batch_size': a positive number expected, got 0)",
    function() yy.train.run { model = model, data = rows, lr = 1, batch_size = 0 } end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'resume': a checkpoint folder is needed to continue from)",
    function() yy.train.run { model = model, data = rows, lr = 1, resume = true } end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'checkpoint': option 'dir' is required)",
    function() yy.train.run { model = model, data = rows, lr = 1, checkpoint = { every = 3 } } end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'checkpoint': unknown option 'evry'; did you mean 'every'?)",
    function()
    yy.train.run { model = model, data = rows, lr = 1, checkpoint = { dir = "c", evry = 3 } }
  end)
  test.raises("bad argument #1 'options' to 'train.run' (option 'data': token id 16 is not in the vocabulary of 16)",
    function() yy.train.run { model = model, data = yy.data.ids({ 1, 16 }, { length = 2 }), lr = 1 } end)
  test.raises("bad argument #1 'options' to 'optim.adamw' (option 'betas': two numbers expected, got 1)",
    function() yy.optim.adamw { betas = { 0.9 } } end)
  test.raises("bad argument #1 'options' to 'optim.adamw' (option 'weight_decay': a number from 0 on expected, got -1.0)",
    function() yy.optim.adamw { weight_decay = -1 } end)
  test.raises("bad argument #1 'options' to 'schedule.cosine' (option 'peak' is required)",
    function() yy.schedule.cosine { warmup = 0.1 } end)
  test.raises("bad argument #1 'options' to 'schedule.cosine' (option 'warmup': a share below 1 or a whole number of steps expected, got 1.5)",
    function() yy.schedule.cosine { peak = 1, warmup = 1.5 } end)
  model:train_only { "none" }
  test.raises("bad argument #1 'options' to 'train.run' (option 'model': no parameter is trained: call train_only or add_lora first)",
    function() yy.train.run { model = model, data = rows, lr = 1 } end)
end

suite["tells what went wrong on the way"] = function(folder)
  local model, rows = samples.counting()
  local line = debug.getinfo(1, "l").currentline
  local function first_only(step) if step == 1 then return 0.1 end end
  local function text() return "x" end
  local function run(lr) return { model = model, data = rows, steps = 3, lr = lr } end
  test.raises(("bad argument #1 'options' to 'train.run' (option 'lr': the function (train_test.lua:%d) returned nil "
    .. "for step 2, a number expected)"):format(line + 1), function() yy.train.run(run(first_only)) end)
  test.raises(("function 'lr' (train_test.lua:%d) must return a number, got string"):format(line + 2),
    function() yy.train.run(run(text)) end)
  test.raises("step 2: the gradient is nan, first in the backward pass of model.norm (rms_norm); samples: ids:1; no parameter was changed",
    function() yy.train.run { model = model, data = rows, steps = 3, lr = 1e30 } end)
  model, rows = samples.counting()
  test.raises("bad argument #1 'options' to 'train.run' (option 'on_step': s.state cannot be saved: field 'f': nil, boolean, number, string or table expected, got function)",
    function()
      yy.train.run {
        model = model, data = rows, steps = 3, lr = 1e-3, on_step = function(s) s.state.f = print end,
        checkpoint = { dir = folder .. "/ckpt" },
      }
    end)
end

return suite
