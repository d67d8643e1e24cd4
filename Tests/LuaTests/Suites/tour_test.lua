-- The tour of the README, line by line, on small data.
local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

suite["runs from vocabulary to measurement"] = function(folder)
  local function at(path) return folder .. "/" .. path end
  for _, name in ipairs { "llama", "zh/wiki", "en" } do yy.files.make_folder(at(name)) end
  samples.text(at "en", "en", 60)
  local zh_text = samples.text(at "zh", "zh", 60)
  local lines = {}
  for line in io.lines(zh_text) do lines[#lines + 1] = yy.json.encode { text = line } end
  yy.files.write(at "zh/wiki/a.jsonl", table.concat(lines, "\n"))
  samples.rows(folder, 30)
  yy.tokenizer.train({ files = { at "en/*.txt" }, vocab_size = 360 }):save(at "llama/tokenizer.model")

  -- Vocabulary
  local llama = yy.tokenizer.load(at "llama/tokenizer.model")
  local zh = yy.tokenizer.train { files = { at "zh/*.txt" }, kind = "bpe", vocab_size = 600 }
  local tok, report = llama:merge(zh)
  print(report)
  print(yy.tokenizer.compare({ llama = llama, merged = tok }, { files = { at "zh/*.txt" } }))
  test.equal(tok:decode(tok:encode "你好"), "你好")
  test.equal({ #tok:pieces "小猫" > 0, tok:piece(7) ~= nil, #tok }, { true, true, report.total })
  tok:save(at "zh.model")

  -- Data
  local wiki = yy.data.text { at "zh/wiki/*.jsonl", field = "text" }
  local books = yy.data.text { at "en/*.txt" }
  local train_part, held_out = yy.data.split(wiki, { held_out = 0.1, seed = 1 })
  local mix = yy.data.mix { { train_part, weight = 0.7 }, { books, weight = 0.3 }, seed = 1 }
  local rows = yy.data.instructions { at "rows.json", format = "alpaca", template = "alpaca" }
  local packed = yy.data.pack(mix, { tokenizer = tok, length = 64, tokens = 3e3 })
  local lessons = yy.data.pack(rows, { tokenizer = tok, length = 512 })
  local fixed = yy.data.ids({ 5, 6, 7, 8 }, { length = 2 })
  print(packed:ledger())
  test.ok(#tostring(lessons:show(3)) > 100)
  test.equal(fixed.length, 2)

  -- Model
  local m = yy.model.new {
    architecture = "llama", hidden_size = 48, num_hidden_layers = 2, num_attention_heads = 6, tie_word_embeddings = true,
    tokenizer = llama, seed = 1,
  }
  m:extend_vocabulary(tok)
  m:train_only { "embedding" }
  m:add_lora { rank = 8, alpha = 32, targets = { "q", "k", "v", "o" }, train = { "embedding", "head" } }
  print(m)
  m:save(at "out")
  m:save_adapter(at "adapter")

  -- Training
  local printed = 0
  local run = yy.train.run {
    model = m, data = packed, steps = 6, batch_size = 2, accumulate = 2, seed = 1,
    optimizer = yy.optim.adamw { weight_decay = 0.01 }, clip = 1.0,
    lr = yy.schedule.cosine { peak = 2e-4, warmup = 0.05 },
    evaluate = { data = held_out, every = 3 },
    checkpoint = { dir = at "ckpt", every = 3, keep = 3 }, resume = true,
    on_step = function(s) if s.step % 2 == 0 then printed = printed + (s.loss and s.lr and s.tokens_per_second and 1) end end,
  }
  test.equal({ printed, #run.history }, { 3, 6 })
  if yy.process.find "gnuplot" then test.ok(#tostring(yy.plot.line(run.history, { x = "step", y = { "loss" } })) > 100) end

  -- Decoding
  local text = m:generate("从前有一只猫",
    { max_tokens = 8, temperature = 0.6, top_p = 0.8, repetition_penalty = 1.1, seed = 1 })
  test.equal(type(text), "string")
  for piece in m:stream("Once upon a time", { top_k = 40, max_tokens = 8 }) do test.ok(#piece > 0) end
  test.ok(m:generate("从前", { max_tokens = 2, logits = function(logits, ids) logits[ids[1]] = 0 end }))
  test.ok(m:generate({ 1 }, { max_tokens = 5, temperature = 0, return_ids = true })[1] == 1)

  -- Measuring
  test.equal(m:logits({ 1, 50, 27 }).shape, { 3, #tok })
  test.ok(m:score("从前有一只猫")[1].rank)
  local e = yy.eval.perplexity(m, held_out)
  print(e)
  test.ok(e.nll and e.perplexity and e.bits_per_byte and e.bits_per_character and e.tokens)

  m:save_adapter(at "adapter")
  m:merge_lora()
  m:save(at "model")
  local again = yy.model.load(at "model")
  test.near(yy.eval.perplexity(again, held_out).nll, e.nll, 1e-5)
  local base = yy.model.load(at "out")
  base:load_adapter(at "adapter")
  test.near(yy.eval.perplexity(base, held_out).nll, e.nll, 1e-4)
end

return suite
