local yy = require "yuyan"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

local function texts(stream)
  local list = {}
  for text in stream:texts() do list[#list + 1] = text end
  return list
end

suite["reads documents from lines, whole files and fields of JSON rows"] = function(folder)
  yy.files.write(folder .. "/a.txt", "one\ntwo\n")
  yy.files.write(folder .. "/b.txt", "three")
  yy.files.write(folder .. "/rows.jsonl", '{"text": "四"}\n{"text": "五", "more": {"text": "六"}}\n')
  test.equal(texts(yy.data.text { folder .. "/*.txt" }), { "one", "two", "three" })
  test.equal(texts(yy.data.text { folder .. "/*.txt", whole = true }), { "one\ntwo\n", "three" })
  test.equal(texts(yy.data.text { folder .. "/rows.jsonl", field = "text" }), { "四", "五" })
  local stream = yy.data.text { folder .. "/a.txt", name = "letters" }
  test.equal(stream.name, "letters")
  test.equal(texts(stream), texts(stream))
end

suite["splits by document, whatever the order of the files"] = function(folder)
  local en, zh = samples.text(folder, "en", 60), samples.text(folder, "zh", 60)
  local function held_out(paths)
    local training, rest = yy.data.split(yy.data.text(paths), { held_out = 0.2, seed = 1 })
    local list = texts(rest)
    test.equal(#texts(training) + #list, 120)
    table.sort(list)
    return list
  end
  local list = held_out { en, zh }
  test.equal(held_out { zh, en }, list)
  test.ok(#list > 10 and #list < 40)
end

suite["mixes by shares of tokens"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  local zh = yy.data.text { folder .. "/zh.txt" }
  local en = yy.data.text { samples.text(folder, "en", 60) }
  local mix = yy.data.mix { { zh, weight = 0.7 }, { en, weight = 0.3 }, seed = 1 }
  local ledger = yy.data.pack(mix, { tokenizer = tok, length = 64, tokens = 2e4 }):ledger()
  local shares = {}
  for _, source in ipairs(ledger.sources) do shares[#shares + 1] = source.read / ledger.read end
  test.near(shares[1], 0.7, 0.02)
  test.near(shares[2], 0.3, 0.02)
  test.ok(tostring(ledger):find "epochs")

  local turning = yy.data.mix {
    { zh, weight = function(progress) return 1 - progress end }, { en, weight = function(progress) return progress end },
  }
  ledger = yy.data.pack(turning, { tokenizer = tok, length = 64, tokens = 2e4 }):ledger()
  test.near(ledger.sources[1].read / ledger.read, 0.5, 0.05)
end

suite["packs isolated documents and loses no token"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  local stream = yy.data.text { folder .. "/zh.txt" }
  local packed = yy.data.pack(stream, { tokenizer = tok, length = 64 })
  local expected = 0
  for text in stream:texts() do expected = expected + #tok:encode(text) + 2 end
  local seen = 0
  for row in packed:rows() do
    seen = seen + #row.ids
    local inside = 0
    for _, length in ipairs(row.documents) do inside = inside + length end
    test.equal(inside, #row.ids)
    test.ok(#row.ids <= 64)
  end
  local ledger = packed:ledger()
  test.equal(ledger.read, expected)
  test.equal(seen, expected + ledger.sources[1].overlap)
  test.equal({ ledger.dropped, ledger.truncated, ledger.documents }, { 0, 0, 60 })
end

suite["masks lessons so that only answers are trained"] = function(folder)
  local tok = samples.tokenizer(folder, "zh", 600)
  local rows = yy.data.instructions { samples.rows(folder, 20), format = "alpaca", template = "alpaca" }
  local lessons = yy.data.pack(rows, { tokenizer = tok, length = 512 })
  local first
  for row in lessons:rows() do
    first = row
    break
  end
  local trained = {}
  for i = 1, first.documents[1] do
    if first.targets[i] >= 0 then trained[#trained + 1] = first.targets[i] end
  end
  test.equal(trained[#trained], tok.eos_id)
  trained[#trained] = nil
  test.equal((tok:decode(trained):gsub("^%s+", "")), yy.stories.instruction(1).output)
  test.ok(tostring(lessons:show(1)):find("trained", 1, true))
  test.equal(tostring(lessons:show(1)), tostring(lessons:show()))
end

suite["takes ready-made ids"] = function()
  local rows = yy.data.ids({ 5, 6, 7, 8, 9 }, { length = 3 })
  local list = {}
  for row in rows:rows() do list[#list + 1] = row.ids end
  test.equal(list, { { 5, 6, 7 }, { 8, 9 } })
  test.equal({ tostring(rows), rows.length }, { "rows of at most 3 tokens", 3 })
end

suite["tells which file, line and field it could not read"] = function(folder)
  test.raises(folder .. "/no.txt: no such file or folder", function() yy.data.text { folder .. "/no.txt" } end)
  test.raises(folder .. "/*.txt: no file matches this pattern", function() yy.data.text { folder .. "/*.txt" } end)
  test.raises(folder .. ": is a folder, a file or a pattern such as " .. folder .. "/*.txt is needed",
    function() yy.data.text { folder } end)
  yy.files.write(folder .. "/latin.txt", "fine\ncaf\xe9\n")
  test.raises(folder .. "/latin.txt:2: not UTF-8: byte 0xE9 at byte 4 of the line",
    function() for _ in yy.data.text({ folder .. "/latin.txt" }):texts() do end end)
  local rows = {}
  for i = 1, 6 do rows[i] = '{"text": "fine"}' end
  local good = table.concat(rows, "\n") .. "\n"
  yy.files.write(folder .. "/cut.jsonl", good .. '{"text": "fi')
  test.raises(folder .. "/cut.jsonl:7: an object with a string in field 'text' expected; column 13: the text ends inside a string",
    function() for _ in yy.data.text({ folder .. "/cut.jsonl", field = "text" }):texts() do end end)
  yy.files.write(folder .. "/lacks.jsonl", good .. '{"title": "fine"}\n')
  test.raises(folder .. "/lacks.jsonl:7: field 'text': string expected, but the field is missing; found 'title'",
    function() for _ in yy.data.text({ folder .. "/lacks.jsonl", field = "text" }):texts() do end end)
  yy.files.write(folder .. "/number.jsonl", good .. '{"text": 7}\n')
  test.raises(folder .. "/number.jsonl:7: field 'text': string expected, got number 7",
    function() for _ in yy.data.text({ folder .. "/number.jsonl", field = "text" }):texts() do end end)
end

suite["tells which instruction row is broken"] = function(folder)
  local function lessons(text)
    yy.files.write(folder .. "/rows.json", text)
    return yy.data.instructions({ folder .. "/rows.json" }):texts()
  end
  local good = '{"instruction": "a", "input": "", "output": "b"},'
  test.raises(folder .. "/rows.json:1, row 7: an object with the strings 'instruction', 'input' and 'output' expected; column 321: the text ends inside a string",
    function() for _ in lessons("[" .. good:rep(6) .. '{"instruction": "a", "inp') do end end)
  test.raises(folder .. "/rows.json:1, row 7: field 'output': string expected, but the field is missing; found 'instruction', 'input'",
    function() for _ in lessons("[" .. good:rep(6) .. '{"instruction": "a", "input": ""}]') do end end)
  test.raises(folder .. "/rows.json:1, row 7: field 'output': string expected, got number 7",
    function() for _ in lessons("[" .. good:rep(6) .. '{"instruction": "a", "input": "", "output": 7}]') do end end)
  test.raises("bad argument #1 'source' to 'data.instructions' (option 'format': one of 'alpaca' expected, got 'alpacca')",
    function() yy.data.instructions { folder .. "/rows.json", format = "alpacca" } end)
  test.raises("bad argument #1 'source' to 'data.instructions' (option 'template': one of 'alpaca', 'ymcui-alpaca' expected, got 'alpacca')",
    function() yy.data.instructions { folder .. "/rows.json", template = "alpacca" } end)
end

suite["tells what cannot be packed"] = function(folder)
  local tok = samples.tokenizer(folder, "zh")
  yy.files.write(folder .. "/empty.txt", "")
  local empty = yy.data.text { folder .. "/empty.txt" }
  test.raises(folder .. "/empty.txt: holds no text", function() yy.data.pack(empty, { tokenizer = tok }):ledger() end)
  local stream = yy.data.text { folder .. "/zh.txt" }
  test.raises("bad argument #2 'options' to 'data.pack' (option 'tokenizer' is required)",
    function() yy.data.pack(stream, { length = 8 }) end)
  test.raises("bad argument #2 'options' to 'data.pack' (option 'length': at least 2 tokens expected, got 1)",
    function() yy.data.pack(stream, { tokenizer = tok, length = 1 }) end)
  test.raises("bad argument #2 'options' to 'data.pack' (unknown option 'lenght'; did you mean 'length'?)",
    function() yy.data.pack(stream, { tokenizer = tok, lenght = 8 }) end)
  test.raises("bad argument #2 'options' to 'data.pack' (option 'tokens': a positive number expected, got -1.0)",
    function() yy.data.pack(stream, { tokenizer = tok, tokens = -1 }) end)
  test.raises("bad argument #1 'documents' to 'data.pack' (Documents expected, got table)",
    function() yy.data.pack({ stream }, { tokenizer = tok }) end)
  local rows = yy.data.instructions { samples.rows(folder, 5) }
  test.raises(folder .. "/rows.json:1, row 1: no token of this sample is trained: prompt alone has 162 tokens, limit 32",
    function() yy.data.pack(rows, { tokenizer = tok, length = 32 }):ledger() end)
  test.raises("eos: the template 'alpaca' decides this for lessons",
    function() yy.data.pack(rows, { tokenizer = tok, eos = true }):ledger() end)
end

suite["tells what cannot be mixed or split"] = function(folder)
  local stream = yy.data.text { samples.text(folder, "zh", 5) }
  test.raises("bad argument #1 'sources' to 'data.mix' (at least one of 'sources' is required)",
    function() yy.data.mix {} end)
  test.raises("bad argument #1 'sources' to 'data.mix' (element 1: table expected, got Documents)",
    function() yy.data.mix { stream } end)
  test.raises("bad argument #1 'sources' to 'data.mix' (element 1: unknown option 'wieght'; did you mean 'weight'?)",
    function() yy.data.mix { { stream, wieght = 1 } } end)
  test.raises("bad argument #1 'sources' to 'data.mix' (element 1: option 'weight': a number from 0 on expected, got -1.0)",
    function() yy.data.mix { { stream, weight = -1 } } end)
  test.raises("bad argument #2 'options' to 'data.split' (option 'held_out': a number between 0 and 1 expected, got 2.0)",
    function() yy.data.split(stream, { held_out = 2 }) end)
  test.raises("bad argument #2 'options' to 'data.ids' (option 'length': at least 2 tokens expected, got 0)",
    function() yy.data.ids({ 1, 2 }, { length = 0 }) end)
  test.raises("bad argument #1 'ids' to 'data.ids' (there are no token ids)", function() yy.data.ids({}, {}) end)
  test.raises("bad argument #1 'ids' to 'data.ids' (row 2 has 1 tokens and nothing to predict)",
    function() yy.data.ids({ 5, 6, 7 }, { length = 2 }) end)
end

return suite
