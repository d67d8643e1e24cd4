-- Makes the table of scripts/bench from the JSON lines that measure.lua kept, whole or cut short.
--
--   yuyan scripts/benchmarks/table.lua input=FILE.jsonl [page=docs/performance.md]
--
-- Every figure is the median over the rounds of what a run measured (itself a median over steps); a ratio is that of
-- two such medians, and a share is against the median of the limits measured during the run.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local common, jobs, page = require "common", require "jobs", require "page"

local p = yy.parameters.parse(arg, { input = "", page = "" }, { required = { "input" } })

-- Reading ----------------------------------------------------------------------------------------------------------
local machine, limits, ours, peers, failed = nil, { f32 = {}, bf16 = {}, read = {} }, {}, {}, {}
for line in io.lines(p.input) do
  local entry = yy.json.decode(line)
  if entry.kind == "machine" then
    machine = entry
  elseif entry.kind == "limits" then
    for name, values in pairs(limits) do values[#values + 1] = entry.record[name] end
  elseif entry.kind == "failed" then
    failed[#failed + 1] = entry
  else
    local side = entry.kind == "ours" and ours or peers
    side[entry.job] = side[entry.job] or {}
    table.insert(side[entry.job], entry.record)
  end
end
if not machine then error(p.input .. ": nothing was measured", 0) end
local facts = machine.record

--- The median of a field over the runs of one side, or nil.
local function median(records, field)
  local values = {}
  for _, record in ipairs(records or {}) do values[#values + 1] = record[field] end
  return #values > 0 and common.median(values) or nil
end

-- One row a job -----------------------------------------------------------------------------------------------------
local function number(value)
  if not value then return "-" end
  return (value >= 100 and "%.0f" or value >= 10 and "%.1f" or "%.2f"):format(value)
end
local function gigabytes(mb) return mb and ("%.2f GB"):format(mb * 1024 * 1024 / 1e9) or "-" end

--- A cell with what the job is held to in brackets; notes what is missed.
local function held(verdict, name, shown, value, bound, fits)
  if bound == nil then return shown end
  if value == nil then
    verdict.open[#verdict.open + 1] = name
  elseif not fits then
    verdict.missed[#verdict.missed + 1] = name
  end
  return ("%s (%s)"):format(shown, bound)
end

--- What is reached of the job's limit, in the limit's unit, and the share of it; nil where there is none.
local function reached(job, records, figure)
  local work = job.limit and figure and job.work(records[1])
  if not work then return nil, nil end
  local value, limit = figure * work / 1e9, limits[job.limit]
  return value, #limit > 0 and value / common.median(limit) or nil
end

local no_bf16 = false

local function row(job)
  local mine, theirs = ours[job.name], peers[job.name]
  if not mine and not theirs then return nil end
  local verdict = { missed = {}, open = {} }
  local bounds = job.held
  local figure, other = median(mine, job.figure), median(theirs, job.figure)
  local rate, share = reached(job, mine, figure)
  local ratio = figure and other and figure / other
  local memory, other_memory = median(mine, "peak_rss_mb"), median(theirs, "peak_rss_mb")
  local memory_ratio = memory and other_memory and memory / other_memory
  local cells = { job.name, figure and ("%s %s"):format(number(figure), job.unit) or "failed" }
  cells[3] = rate and ("%s %s"):format(number(rate), job.limit == "read" and "GB/s" or "GFLOP/s") or "-"
  local shown = share and ("%.0f %% %s"):format(100 * share, job.limit) or "-"
  local least = bounds.share
  if job.limit == "bf16" and #limits.bf16 == 0 then shown, least, no_bf16 = "no bf16", nil, true end
  cells[4] = held(verdict, "share", shown, share, least and ("%.0f"):format(100 * least), share and share >= (least or 0))
  cells[5] = other and number(other) or "-"
  cells[6] = held(verdict, "ratio", ratio and ("%.2fx"):format(ratio) or "-", ratio,
    bounds.ratio and ("%.1f"):format(bounds.ratio), ratio and ratio >= (bounds.ratio or 0))
  cells[7] = gigabytes(memory)
  cells[8] = held(verdict, "memory", memory_ratio and ("%.2fx"):format(memory_ratio) or "-", memory_ratio,
    bounds.memory, memory_ratio and memory_ratio <= (bounds.memory or math.huge))
  for field, bound in pairs(bounds) do
    if type(bound) == "table" then
      local value = median(mine, field)
      local most = type(bound.at_most) == "string" and median(mine, bound.at_most) or bound.at_most
      local text = held(verdict, field, value and number(value) or "-", value, most, value and value <= most)
      if field == job.figure then
        cells[2] = ("%s %s (%s)"):format(number(figure), job.unit, most)
      elseif mine then
        cells.note = ("%s: %s %s"):format(job.name, field:gsub("_", " "), text)
      end
    end
  end
  cells[9] = not mine and "failed" or #verdict.missed > 0 and "no: " .. table.concat(verdict.missed, ", ")
    or #verdict.open > 0 and "open" or "yes"
  return cells
end

-- Printing ----------------------------------------------------------------------------------------------------------
local out = {}
local function line(format, ...) out[#out + 1] = string.format(format, ...):gsub("%s+$", "") end

--- Columns as wide as their widest cell, numbers to the right.
local function columns(rows)
  local widths = {}
  for _, cells in ipairs(rows) do
    for i = 1, #cells do widths[i] = math.max(widths[i] or 0, utf8.len(cells[i])) end
  end
  for _, cells in ipairs(rows) do
    local parts = {}
    for i = 1, #cells do
      local padding = (" "):rep(widths[i] - utf8.len(cells[i]))
      parts[i] = (i == 1 or i == #cells) and cells[i] .. padding or padding .. cells[i]
    end
    line("%s", table.concat(parts, "  "))
  end
end

local function spread(name, unit, values)
  if #values == 0 then return "no " .. name end
  return ("%s %s %s (%s to %s)"):format(name, number(common.median(values)), unit,
    number(math.min(table.unpack(values))), number(math.max(table.unpack(values))))
end

local function versions()
  local found, texts = {}, {}
  for _, records in pairs(peers) do
    for name, version in pairs(records[1].versions or {}) do found[name] = version end
  end
  for name, version in pairs(found) do texts[#texts + 1] = name .. " " .. version end
  table.sort(texts)
  return #texts > 0 and table.concat(texts, ", ") or "not run"
end

line("machine  %s, %d cores, %d threads, %.1f GB; %s, %s", facts.processor, facts.cores, facts.threads,
  facts.memory_bytes / 1e9, facts.avx512 and "AVX-512" or "no AVX-512", facts.bf16 and "bf16" or "no bf16")
line("system   %s; yuyan %s, %s%s", facts.system, facts.version, machine.date, machine.quick and ", quick" or "")
line("kernels  %s; matrix products: %s", facts.kernels, facts.matrices)
line("peers    %s", versions())
line("limits   %s, %s, %s", spread("f32", "GFLOP/s", limits.f32), spread("bf16", "GFLOP/s", limits.bf16),
  spread("reading", "GB/s", limits.read))
line ""
local rows, notes = { { "job", "ours", "reached", "of the limit", "peer", "ratio", "memory", "of peer's", "held" } }, {}
for _, job in ipairs(jobs) do
  local cells = row(job)
  if cells then
    rows[#rows + 1] = cells
    notes[#notes + 1] = cells.note
  end
end
columns(rows)
line ""
for _, job in ipairs(jobs) do
  if ours[job.name] or peers[job.name] then
    line("%s: %s%s", job.name, job.title, peers[job.name] and "; peer: " .. job.peer[1] or "")
  end
end
line ""
for _, note in ipairs(notes) do line("%s", note) end
for _, entry in ipairs(failed) do
  line("%s: %s failed: %s", entry.job, entry.side == "ours" and "ours" or "the peer", entry.reason)
end
line "In brackets stands what a figure is held to: ratios and shares at least, memory and growth at most."
if no_bf16 then
  line "This machine has no bf16 product: bf16 jobs run on the f32 one, and are not held to a share of a limit."
end
if not facts.avx512 then line "This machine has no AVX-512." end

print(table.concat(out, "\n"))
if p.page ~= "" then page.replace(p.page, "bench", "```\n" .. table.concat(out, "\n") .. "\n```") end
