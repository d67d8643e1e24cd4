-- How the cost of a LoRA step grows with length, width, vocabulary, rank and batch: measurements, pictures and tables.
--
--   yuyan scripts/benchmarks/growth.lua out=docs/images
--
-- Some minutes on a machine where nothing else runs. Writes out/growth.jsonl (every measurement), two pictures a
-- question (out/growth-length.svg, out/growth-length-memory.svg and so on) and the tables of `page`. With measure=false
-- it draws from the growth.jsonl that is there.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local common, page = require "common", require "page"

local p = yy.parameters.parse(arg, {
  out = "docs/images", page = "docs/performance.md", steps = 4, measure = true,
})

-- Everything that a question does not change: a model of 42 million parameters, rows of 256 tokens, LoRA of rank 8 on
-- its seven linears, f32.
local base = {
  shape = "110m", hidden_size = 512, num_hidden_layers = 8, num_attention_heads = 8, num_key_value_heads = 8,
  intermediate_size = 1408, vocab_size = 16000, seq = 256, batch = 4, rank = 8, mode = "lora",
}

local function width(hidden)
  local heads = hidden // 64
  return { hidden_size = hidden, num_attention_heads = heads, num_key_value_heads = heads,
    intermediate_size = (hidden * 8 // 3 + 127) // 128 * 128 }
end

local questions = {
  { name = "length", label = "tokens a row (2048 a step)", values = { 128, 256, 512, 1024, 2048 },
    change = function(n) return { seq = n, batch = 2048 // n } end },
  { name = "width", label = "hidden_size", values = { 256, 512, 768, 1024, 1536 }, change = width },
  { name = "vocabulary", label = "vocab_size", values = { 4000, 8000, 16000, 32000, 64000 },
    change = function(n) return { vocab_size = n } end },
  { name = "rank", label = "rank", values = { 4, 8, 16, 32, 64, 128 }, change = function(n) return { rank = n } end },
  { name = "batch", label = "rows a step", values = { 1, 2, 4, 8, 16 }, change = function(n) return { batch = n } end },
}
local file = p.out .. "/growth.jsonl"

--- Runs every point of every question and keeps the measurements; a point that fails ends it.
local function measure()
  yy.files.make_folder(p.out)
  local lines = {}
  local function keep(record) lines[#lines + 1] = yy.json.encode(record) end
  local machine = yy.machine.facts()
  machine.program = nil  -- where it lies is nobody else's business
  keep { kind = "machine", record = machine }
  keep { kind = "limits", record = assert(common.script("limits.lua", { seconds = 1 })) }
  for _, question in ipairs(questions) do
    for _, value in ipairs(question.values) do
      local parameters = { steps = p.steps }
      for _, changes in ipairs { base, question.change(value) } do
        for name, changed in pairs(changes) do parameters[name] = changed end
      end
      local record = assert(common.script("train.lua", parameters))
      local shown = { question.name, value, record.tokens_per_s, record.peak_rss_mb }
      io.stderr:write(("%s %d: %.1f tokens/s, %d MiB\n"):format(table.unpack(shown)))
      keep { kind = question.name, value = value, record = record }
    end
  end
  keep { kind = "limits", record = assert(common.script("limits.lua", { seconds = 1 })) }
  yy.files.write(file, table.concat(lines, "\n") .. "\n")
end

--- The rows of each question as the pictures and tables show them, and the limit in 10^9 operations a second.
local function read()
  local found, limits, machine = {}, {}, nil
  for line in io.lines(file) do
    local entry = yy.json.decode(line)
    if entry.kind == "machine" then machine = entry.record
    elseif entry.kind == "limits" then limits[#limits + 1] = entry.record.f32
    else
      found[entry.kind] = found[entry.kind] or {}
      table.insert(found[entry.kind], entry)
    end
  end
  return found, common.median(limits), machine
end

local function rows_of(question, entries, limit)
  local rows = {}
  for i, entry in ipairs(entries) do
    local operations = entry.record.operations_per_token
    rows[i] = {
      [question.label] = entry.value,
      measured = 1000 / entry.record.tokens_per_s, ["at the limit"] = operations / limit / 1e6,
      megaflop = operations / 1e6, share = operations * entry.record.tokens_per_s / limit / 1e9,
      ["greatest memory in GB"] = entry.record.peak_rss_mb * 1024 * 1024 / 1e9,
    }
  end
  return rows
end

local function draw(question, rows)
  local function picture(name, title, y)
    local options = { x = question.label, y = y, title = title, from_zero = true, width = 480, height = 300 }
    yy.files.write(("%s/growth-%s.svg"):format(p.out, name), yy.plot.line(rows, options):svg())
  end
  picture(question.name, "milliseconds a token", { "measured", "at the limit" })
  picture(question.name .. "-memory", "memory", { "greatest memory in GB" })
end

local function markdown(question, rows)
  local lines = {
    ("| %s | MFLOP a token | ms a token | of the limit | memory, GB |"):format(question.label),
    "| ---: | ---: | ---: | ---: | ---: |",
  }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("| %d | %.0f | %.3f | %.0f %% | %.2f |"):format(
      row[question.label], row.megaflop, row.measured, 100 * row.share, row["greatest memory in GB"])
  end
  return table.concat(lines, "\n")
end

if p.measure then measure() end
local found, limit, machine = read()
for _, question in ipairs(questions) do
  local rows = rows_of(question, found[question.name], limit)
  draw(question, rows)
  if p.page ~= "" then page.replace(p.page, question.name, "\n" .. markdown(question, rows) .. "\n") end
end
if p.page ~= "" then
  page.replace(p.page, "growth", ("Measured on %s, %d threads, %s; the limit was %.0f GFLOP/s."):format(
    machine.processor, machine.threads, machine.matrices, limit))
end
