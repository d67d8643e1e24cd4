local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

suite["measures texts, files, documents and rows"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  local m = samples.model(tok)
  local text = "从前有一只小猫"
  local e = yy.eval.perplexity(m, text)
  test.equal({ e.tokens, e.bytes, e.characters, e.documents }, { #tok:encode(text), #text, utf8.len(text), 1 })
  test.near(e.perplexity, math.exp(e.nll), 1e-3)
  test.near(e.bits_per_byte, e.nll * e.tokens / math.log(2) / e.bytes, 1e-6)
  test.near(e.bits_per_character, e.nll * e.tokens / math.log(2) / e.characters, 1e-6)
  test.near(e.nll, m:score(text).nll, 1e-4)
  test.ok(tostring(e):find "bits")

  local from_stream = yy.eval.perplexity(m, yy.data.text { folder .. "/zh.txt" }, { tokens = 2000 })
  local from_files = yy.eval.perplexity(m, { folder .. "/zh.txt" }, { tokens = 2000 })
  test.equal(from_stream.nll, from_files.nll)
  test.ok(from_stream.documents > 1 and from_stream.documents < 60 and from_stream.tokens >= 2000)
  local by_bytes = yy.eval.perplexity(m, { folder .. "/zh.txt" }, { bytes = from_files.bytes })
  test.equal({ by_bytes.documents, by_bytes.nll }, { from_files.documents, from_files.nll })
  local rows = yy.eval.perplexity(m, yy.data.ids({ 1, 5, 6, 7 }, { length = 4 }))
  test.equal({ rows.tokens, rows.bytes }, { 3 })
end

suite["measures answers"] = function(folder)
  local m = samples.model(samples.tokenizer(folder, "zh"), { max_position_embeddings = 1024 })
  local lessons = yy.data.instructions { samples.rows(folder, 8) }
  local e = yy.eval.answers(m, lessons)
  test.equal({ e.documents, e.skipped }, { 8, 0 })
  test.near(e.nll, math.log(480), 0.5)
  test.near(e.bits_per_byte, e.nll * e.tokens / math.log(2) / e.bytes, 1e-6)

  local path = folder .. "/three.json"
  yy.files.write(path, yy.json.encode {
    { instruction = "Name a bird.", output = "雨燕" }, { instruction = "Name two.", output = ("swift "):rep(100) },
    { instruction = "Name none.", output = " " },
  })
  local three = yy.data.instructions { path }
  local short = yy.eval.answers(m, three, { characters = 400 })
  test.equal({ short.documents, short.skipped, short.bytes, short.characters }, { 1, 2, 6, 2 })
  test.ok(tostring(short):find("1 document; 2 skipped", 1, true))
  local fits = yy.eval.answers(m, three)
  test.equal({ fits.documents, fits.skipped, fits.bytes }, { 2, 1, 606 })
  test.raises("bad argument #2 'lessons' to 'eval.answers' (all 3 are too long or without an answer)",
    function() yy.eval.answers(m, three, { length = 8 }) end)
  test.raises("bad argument #3 'options' to 'eval.answers' (option 'length': a number from 2 to 1024 expected, got 2000)",
    function() yy.eval.answers(m, three, { length = 2000 }) end)
end

suite["tells what it cannot measure"] = function(folder)
  local m = samples.model(samples.tokenizer(folder, "zh"))
  test.raises("bad argument #2 'data' to 'eval.perplexity' (there is no token to predict)",
    function() yy.eval.perplexity(m, "") end)
  test.raises("bad argument #2 'data' to 'eval.perplexity' (a text, a list of files, Documents or Rows expected, got number)",
    function() yy.eval.perplexity(m, 7) end)
  test.raises("bad argument #2 'data' to 'eval.perplexity' (unknown option 'file')",
    function() yy.eval.perplexity(m, { file = "x" }) end)
  test.raises(folder .. "/none.txt: no such file or folder",
    function() yy.eval.perplexity(m, { folder .. "/none.txt" }) end)
  test.raises("bad argument #3 'options' to 'eval.perplexity' (option 'window': a number from 1 to 64 expected, got 1000)",
    function() yy.eval.perplexity(m, "从前", { window = 1000 }) end)
  test.raises("bad argument #3 'options' to 'eval.perplexity' (option 'bytes': rows of ids have no bytes; give documents, or tokens)",
    function() yy.eval.perplexity(m, yy.data.ids({ 1, 5, 6, 7 }, { length = 4 }), { bytes = 9 }) end)
  test.raises("bad argument #1 'model' to 'eval.perplexity' (Model expected, got string)",
    function() yy.eval.perplexity("m", "从前") end)
  test.raises("bad argument #2 'lessons' to 'eval.answers' (" .. folder .. "/zh.txt:1: a lesson expected, got a text)",
    function() yy.eval.answers(m, yy.data.text { folder .. "/zh.txt" }) end)
end

return suite
