local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

suite["encodes, decodes and names pieces"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  test.equal(#tok, 480)
  local ids = tok:encode "从前，有一只小猫"
  test.equal(tok:decode(ids), "从前，有一只小猫")
  local pieces = tok:pieces "从前，有一只小猫"
  test.equal(#pieces, #ids)
  for i, id in ipairs(ids) do
    test.equal(tok:piece(id), pieces[i])
    test.equal(tok:id(pieces[i]), id)
  end
  test.equal({ tok.unknown_id, tok.bos_id, tok.eos_id, tok.pad_id }, { 0, 1, 2 })
  test.equal({ tok:id "no such piece", tok:piece(100000) }, {})
  test.equal(tostring(tok), "tokenizer (bpe, 480 pieces)")
end

suite["is the same after saving, from a file and from a model folder"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  tok:save(folder .. "/zh.model")
  test.equal(yy.tokenizer.load(folder .. "/zh.model").fingerprint, tok.fingerprint)
  samples.model(tok):save(folder .. "/model")
  test.equal(yy.tokenizer.load(folder .. "/model").fingerprint, tok.fingerprint)
end

suite["merges by the safe rule and by the published one"] = function(folder)
  local en, zh = samples.tokenizer(folder, "en"), samples.tokenizer(folder, "zh", 520)
  local merged, report = en:merge(zh)
  test.equal(#merged, #en + report.added)
  test.equal({ report.base, report.extra, report.total }, { #en, #zh, #merged })
  test.ok(report.added > 100)
  for id = 0, #en - 1 do test.equal(merged:piece(id), en:piece(id)) end
  local text = yy.stories.tell(7)
  test.equal(merged:encode(text), en:encode(text))
  test.ok(#merged:encode(yy.stories.tell(7, { language = "zh" })) < #en:encode(yy.stories.tell(7, { language = "zh" })))

  local appended, published = en:merge(zh, { rule = "append" })
  test.equal(#appended, published.total)
  test.ok(tostring(published):find("620 pieces = 360 + 260 of 520 (rule 'append')", 1, true))
  test.equal(#merged:add_piece "[PAD]", #merged + 1)
  test.equal(merged:add_piece("[PAD]"):id "[PAD]", #merged)
end

suite["compares vocabularies on the same text"] = function(folder)
  local en, zh = samples.tokenizer(folder, "en"), samples.tokenizer(folder, "zh", 520)
  local result = yy.tokenizer.compare({ en = en, zh = zh }, { files = { folder .. "/zh.txt" } })
  local function count(tok)
    local tokens = 0
    for line in io.lines(folder .. "/zh.txt") do tokens = tokens + #tok:encode(line) end
    return tokens
  end
  test.equal(result.tokens, { en = count(en), zh = count(zh) })
  test.equal(result.bytes, #yy.files.read(folder .. "/zh.txt") - 60)
  test.near(result.bytes_per_token.zh, result.bytes / result.tokens.zh)
  local named = yy.tokenizer.compare({ { "b", zh }, { "a", en } }, { text = "从前" })
  test.ok(tostring(named):find("b.*a"))
end

suite["learns from a stream of documents"] = function(folder)
  samples.text(folder, "zh", 60)
  local zh = yy.data.text { folder .. "/zh.txt" }
  local from_stream = yy.tokenizer.train { data = zh, vocab_size = 480 }
  local from_files = yy.tokenizer.train { files = { folder .. "/*.txt" }, vocab_size = 480 }
  test.equal(from_stream.fingerprint, from_files.fingerprint)
end

suite["tells what it cannot load or learn from"] = function(folder)
  test.raises(folder .. "/no.model: no such file or folder", function() yy.tokenizer.load(folder .. "/no.model") end)
  test.raises(folder .. ": holds no tokenizer.model; supported are sentencepiece models (tokenizer.model), folders that hold one, and llama2.c vocabularies (.bin)", function() yy.tokenizer.load(folder) end)
  yy.files.write(folder .. "/text.model", "not a model at all")
  test.raises(folder .. "/text.model: is not a sound sentencepiece model: field 13 has the unknown wire type 6",
    function() yy.tokenizer.load(folder .. "/text.model") end)
  yy.files.write(folder .. "/empty.txt", "")
  test.raises(folder .. "/empty.txt: there is no text to train on",
    function() yy.tokenizer.train { files = { folder .. "/empty.txt" } } end)
  test.raises(folder .. "/*.zh: no file matches this pattern",
    function() yy.tokenizer.train { files = { folder .. "/*.zh" } } end)
  test.raises("bad argument #1 'options' to 'tokenizer.train' (option 'files': either files or data expected)",
    function() yy.tokenizer.train {} end)
  yy.files.write(folder .. "/latin.txt", "caf\xe9\n")
  test.raises(folder .. "/latin.txt:1: is not UTF-8 (byte 4 of the line)",
    function() yy.tokenizer.train { files = { folder .. "/latin.txt" } } end)
  samples.text(folder, "en", 3)
  test.raises("bad argument #1 'options' to 'tokenizer.train' (option 'vocab_size': 20000 is too large for this text, which gives at most 709 pieces)",
    function() yy.tokenizer.train { files = { folder .. "/en.txt" }, vocab_size = 20000 } end)
  test.raises("bad argument #1 'options' to 'tokenizer.train' (option 'kind': 'bpe'|'unigram'|'char'|'word' expected, got 'bpee'; did you mean 'bpe'?)",
    function() yy.tokenizer.train { files = { folder .. "/en.txt" }, kind = "bpee" } end)
  test.raises("bad argument #1 'options' to 'tokenizer.train' (unknown option 'vocabsize'; did you mean 'vocab_size'?)",
    function() yy.tokenizer.train { files = { folder .. "/en.txt" }, vocabsize = 300 } end)
end

suite["tells what it cannot encode, decode or merge"] = function(folder)
  local tok = samples.tokenizer(folder, "en")
  test.raises("bad argument #1 'text' to 'Tokenizer:encode' (text in UTF-8 expected, byte 4 is not)",
    function() tok:encode "caf\xe9" end)
  test.raises("bad argument #1 'text' to 'Tokenizer:encode' (string expected, got number)",
    function() tok:encode(7) end)
  test.raises("bad argument #1 'ids' to 'Tokenizer:decode' (ids from 0 to 359 expected, got 100000)",
    function() tok:decode { 1, 100000 } end)
  test.raises("bad argument #1 'ids' to 'Tokenizer:decode' (element 2: integer expected, got 1.5)",
    function() tok:decode { 1, 1.5 } end)
  test.raises("bad argument #1 'extra' to 'Tokenizer:merge' (Tokenizer expected, got string)",
    function() tok:merge("zh.model") end)
  test.raises("bad argument #2 'options' to 'Tokenizer:merge' (option 'rule': 'safe'|'append'|'append_scores' expected, got 'saef'; did you mean 'safe'?)",
    function() tok:merge(tok, { rule = "saef" }) end)
  test.raises("Tokenizer has no member 'peices'; did you mean 'pieces'?", function() return tok.peices end)
  test.raises("bad self in 'Tokenizer:encode' (Tokenizer expected, got string; methods are called with a colon, 'x:f()')",
    function() tok.encode("text") end)
  test.raises("bad argument #2 'options' to 'tokenizer.compare' (option 'files': either files or text expected)",
    function() yy.tokenizer.compare({ a = tok }, {}) end)
  test.raises(folder .. ": is a folder, a file is needed", function() tok:save(folder) end)
end

return suite
