#!/usr/bin/env yuyan
-- Teaches a language model a new language: from raw text to a model that answers in it.
--
--   yuyan scripts/adapt.lua zh=NEW.txt en=OLD.txt sft=ROWS.json tokenizer=BASE.model out=OUT [name=value ...]
--
-- Every stage can be left out (skip=vocabulary,embeddings) and continues where it stopped when the same command is
-- given again. What comes out, all of it for other tools too: OUT/base (the model with its new vocabulary, before
-- training), OUT/adapter (base + adapter = model), OUT/model, OUT/metrics/*.jsonl, OUT/report.html.
local yy = require "yuyan"
local recipe = require "yuyan.recipe"

local p = recipe.parameters(arg, {
  zh = "", en = "", sft = "",        -- raw text of the new and the old language; instruction rows (Alpaca format)
  tokenizer = "",                    -- the base tokenizer; empty: the one that comes with `base`
  base = "",                         -- a Hugging Face Llama folder or a llama2.c checkpoint; empty: train one on `en`
  out = "out", skip = "", seed = 1,
  -- vocabulary
  new_pieces = 8000, kind = "bpe", character_coverage = 0.9995,
  -- a new base model (names of config.json)
  hidden_size = 288, num_hidden_layers = 6, num_attention_heads = 6, tie_word_embeddings = true,
  initializer_range = 0.04,
  -- steps and peak learning rates of the stages
  base_steps = 220, base_lr = 2e-3,
  embeddings_steps = 40, embeddings_lr = 2e-3,
  pretrain_steps = 150, pretrain_lr = 1e-3,
  tune_steps = 90, tune_lr = 5e-4,
  -- training
  length = 256, batch_size = 8, accumulate = 1, weight_decay = 0.01, clip = 1.0, warmup = 0.05,
  rank = 8, alpha = 32, dropout = 0.05, targets = "q,k,v,o,gate,down,up",
  replay = 0.3,                      -- share of old-language tokens in pretraining
  checkpoint_every = 50,
  -- measuring
  zh_held_out = 0.02, en_held_out = 0.1, sft_held_out = 0.05,   -- shares of documents
  measured_bytes = 60000, evaluate_every = 100, longest_lesson = 400,
  question = "什么是人工智能？|请介绍一下北京。", max_tokens = 48,
}, { required = { "zh", "en", "sft" } })
local run = recipe.start(p, { "vocabulary", "base", "embeddings", "pretrain", "tune" })

-- Data: lazy streams; the held-out part of each is the same in every run.
local function split(stream, share) return yy.data.split(stream, { held_out = share, seed = p.seed }) end
local zh, zh_held_out = split(yy.data.text { p.zh }, p.zh_held_out)
local en, en_held_out = split(yy.data.text { p.en }, p.en_held_out)
local lessons = yy.data.instructions { p.sft, format = "alpaca", template = "alpaca" }
local rows, rows_held_out = split(lessons, p.sft_held_out)

-- What a model knows: bits per byte compare across vocabularies, losses a token do not.
local function measure(stage, model)
  local function bits(stream) return yy.eval.perplexity(model, stream, { bytes = p.measured_bytes }).bits_per_byte end
  run:measure(stage, function()
    local samples = {}
    for question in p.question:gmatch "[^|]+" do
      local answer = model:answer(question, { max_tokens = p.max_tokens, temperature = 0 })
      samples[#samples + 1] = { question = question, answer = answer }
    end
    local answers = yy.eval.answers(model, rows_held_out, { characters = p.longest_lesson })
    return {
      zh_bits_per_byte = bits(zh_held_out), en_bits_per_byte = bits(en_held_out),
      answer_bits_per_byte = answers.bits_per_byte, answer_loss = answers.nll, samples = samples,
    }
  end)
end

local function train(stage, model, stream, on_long)
  local steps, rows_a_step = p[stage .. "_steps"], p.batch_size * p.accumulate
  local data = yy.data.pack(stream, { tokenizer = model.tokenizer, length = p.length,
    tokens = steps * rows_a_step * p.length, on_long = on_long, seed = p.seed })
  print(data:ledger())
  run:train(stage, {
    model = model, data = data, steps = steps, batch_size = p.batch_size, accumulate = p.accumulate, seed = p.seed,
    optimizer = yy.optim.adamw { weight_decay = p.weight_decay }, clip = p.clip,
    lr = yy.schedule.cosine { peak = p[stage .. "_lr"], warmup = p.warmup, floor = 0.1 * p[stage .. "_lr"] },
    evaluate = { data = { zh = zh_held_out, en = en_held_out }, every = p.evaluate_every,
      bytes = p.measured_bytes // 4 },
    checkpoint = { dir = p.out .. "/checkpoints/" .. stage, every = p.checkpoint_every, keep = 1 }, resume = true,
    metrics = p.out .. "/metrics/" .. stage .. ".jsonl",
  })
  measure(stage, model)
end

-- 1. The base tokenizer, and what it needs for the new language.
local base_tokenizer = yy.tokenizer.load(p.tokenizer ~= "" and p.tokenizer or p.base)
local tokenizer = base_tokenizer
if run:wants "vocabulary" then
  local made_of = { "new_pieces", "kind", "character_coverage", "zh_held_out", "seed", "zh", "en", "tokenizer", "base" }
  tokenizer = run:file("tokenizer.model", made_of, yy.tokenizer.load, function(path)
    local fresh = yy.tokenizer.train { data = zh, kind = p.kind, vocab_size = p.new_pieces,
      character_coverage = p.character_coverage }
    local merged, report = base_tokenizer:merge(fresh, { sample = { p.en } })
    print(report)
    merged:save(path)
  end)
  print(yy.tokenizer.compare({ { "base", base_tokenizer }, { "merged", tokenizer } }, { files = { p.zh, p.en } }))
end

-- 2. The base model: somebody else's, or a small one of our own that has read the old language.
local model
if p.base ~= "" then
  model = yy.model.load(p.base, { tokenizer = p.tokenizer ~= "" and p.tokenizer or nil })
else
  model = yy.model.new {
    architecture = "llama", hidden_size = p.hidden_size, num_hidden_layers = p.num_hidden_layers,
    num_attention_heads = p.num_attention_heads, tie_word_embeddings = p.tie_word_embeddings,
    initializer_range = p.initializer_range, max_position_embeddings = math.max(512, p.length),
    tokenizer = base_tokenizer, seed = p.seed,
  }
end
model.template = "alpaca"
run:require_space(model, #tokenizer)                          -- before the first step
if p.base == "" and run:wants "base" then
  train("base", model, en)
else
  measure("base", model)
end

-- 3. New rows for the new pieces: each starts as the mean of what it used to be spelled with.
if #tokenizer > #base_tokenizer then
  model:extend_vocabulary(tokenizer, { init = "pieces" })
  measure("extended", model)
end
model:save(p.out .. "/base", { base = true })

-- 4. Pretraining, stage 1: the new words only. Stage 2: everything through LoRA, the old language replayed.
local mix = yy.data.mix { { zh, weight = 1 - p.replay }, { en, weight = p.replay } }
if run:wants "embeddings" then
  model:train_only { "embedding" }
  train("embeddings", model, mix)
end
local targets = {}
for target in p.targets:gmatch "[^,]+" do targets[#targets + 1] = target end
model:add_lora { rank = p.rank, alpha = p.alpha, dropout = p.dropout, targets = targets,
  train = { "embedding", "head" }, seed = p.seed }
print(model)
if run:wants "pretrain" then train("pretrain", model, mix) end

-- 5. Instructions: only the answers are trained.
if run:wants "tune" then train("tune", model, rows, "skip") end

-- 6. and 7. What changed, and what to keep.
model:save_adapter(p.out .. "/adapter")
model:merge_lora()
model:save(p.out .. "/model")
print(run:table())
run:report(p.out .. "/report.html")
print(("Talk to it: yuyan chat %s/model"):format(p.out))
