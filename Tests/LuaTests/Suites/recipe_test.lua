local yy = require "yuyan"
local recipe = require "yuyan.recipe"
local test = require "yuyan.test"
local samples = require "samples"
local suite = {}

--- Runs body with a print that collects, and gives what was printed.
local function printed(body)
  local lines, old = {}, print
  print = function(value) lines[#lines + 1] = tostring(value) end
  local done, message = pcall(body)
  print = old
  if not done then error(message, 0) end
  return table.concat(lines, "\n")
end

suite["runs stages, measures each once, and writes a report"] = function(folder)
  local measured = 0
  local function all()
    local run = recipe.start({ out = folder .. "/out", skip = "tune", steps = 3 }, { "pretrain", "tune" })
    if run:wants "pretrain" then
      local model, rows = samples.counting()
      run:train("pretrain", { model = model, data = rows, steps = 3, lr = 1e-2 })
    end
    test.equal(run:wants "tune", false)
    run:measure("pretrain", function()
      measured = measured + 1
      return { zh_bits_per_byte = 1.5, samples = { { question = "问", answer = "答 <1>\n二" } } }
    end)
    print(run:table())
    if yy.process.find "gnuplot" then run:report(folder .. "/out/report.html") end
  end
  local text = printed(all)
  test.ok(text:find("== tune: left out", 1, true))
  test.ok(text:find("after pretrain: zh_bits_per_byte 1.5000", 1, true))
  test.ok(text:find("  问 → 答 <1> ⏎ 二", 1, true), text)
  test.ok(text:find("stage     zh bits/byte  问\npretrain        1.5000  答 <1> ⏎ 二", 1, true), text)
  printed(all)
  test.equal(measured, 1)
  if yy.process.find "gnuplot" then
    local page = yy.files.read(folder .. "/out/report.html")
    test.ok(page:find("问 → 答 &lt;1&gt;", 1, true) and page:find("<svg", 1, true))
  end
  test.equal(yy.json.decode(yy.files.read(folder .. "/out/parameters.json")).steps, 3)
end

suite["lets a file be made once, and refuses one made of something else"] = function(folder)
  yy.files.write(folder .. "/text.txt", "one")
  local made = 0
  local function get(steps)
    local run = recipe.start({ out = folder .. "/out", steps = steps, text = folder .. "/text.txt" }, {})
    return run:file("x.txt", { "steps", "text" }, yy.files.read, function(path)
      made = made + 1
      yy.files.write(path, "made")
    end)
  end
  test.equal({ get(3), get(3), made }, { "made", "made", 1 })
  test.fails(folder .. "/out/x.txt was made with steps=3, and now it is 4; choose another out, or remove that folder",
    function() get(4) end)
  yy.files.write(folder .. "/text.txt", "two")
  local done, message = pcall(get, 3)
  test.ok(not done and message:find("was made with text=" .. folder .. "/text.txt, sha256 7692c3ad3540bb80", 1, true), message)
end

suite["tells which stage there is not, and when the disk is too small"] = function(folder)
  test.raises("skip: no stage 'tun'; the stages are pretrain, tune", function()
    recipe.start({ out = folder .. "/out", skip = "tun" }, { "pretrain", "tune" })
  end)
  local run = recipe.start({ out = folder .. "/out" }, {})
  local done, message = pcall(run.require_space, run, { parameters = 10 ^ 18, vocab_size = 1, hidden_size = 1 }, 1)
  test.ok(not done and message:find "this run may still write [%d.]+ GB and the disk has [%d.]+ GB free; choose another out$")
end

return suite
