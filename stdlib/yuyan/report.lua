--- Tables and pages of what a run measured.
local plot = require "yuyan.plot"

local report = {}

local Table = {}
Table.__index = Table
Table.__name = "Table"

local function escape(text)
  return (tostring(text):gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
end

--- The numbers that the records hold, by name, in alphabetical order.
---@param records table[]
---@return string[] names
function report.columns(records)
  local seen, names = {}, {}
  for _, record in ipairs(records) do
    for name, value in pairs(record) do
      if math.type(value) and not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

--- A text on one line.
---@param text string
---@return string line line ends become ⏎
function report.one_line(text) return (text:gsub("%s*\n%s*", " ⏎ ")) end

local wide = {
  { 0x1100, 0x115F }, { 0x2E80, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 },
  { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1FAFF }, { 0x20000, 0x3FFFD },
}

--- The beginning of a text that fits into so many columns of a terminal; Chinese characters take two.
local function clip(text, columns)
  local used, out = 0, {}
  for _, code in utf8.codes(text) do
    local width = 1
    for _, range in ipairs(wide) do
      if code >= range[1] and code <= range[2] then width = 2 end
    end
    if used + width > columns - 1 then return table.concat(out) .. "…" end
    used = used + width
    out[#out + 1] = utf8.char(code)
  end
  return table.concat(out)
end

local function cell(record, name)
  local value = record[name]
  return value and ("%.4f"):format(value) or "-"
end

--- What a model answered to the first question, or nil.
local function sample(record)
  local first = record.samples and record.samples[1]
  return first and report.one_line(first.answer)
end

function Table:__tostring()
  local width = #"stage"
  for _, record in ipairs(self.records) do width = math.max(width, #record.stage) end
  local heads, widths, total = {}, {}, width
  for i, name in ipairs(self.columns) do
    heads[i] = name:gsub("_", " "):gsub("bits per byte", "bits/byte")
    widths[i] = #heads[i]
    for _, record in ipairs(self.records) do widths[i] = math.max(widths[i], #cell(record, name)) end
    total = total + 2 + widths[i]
  end
  local lines = { ("%-" .. width .. "s"):format("stage") }
  for i in ipairs(self.columns) do lines[1] = lines[1] .. ("  %" .. widths[i] .. "s"):format(heads[i]) end
  local room = math.max(20, 79 - total - 2)
  if self.question then lines[1] = lines[1] .. "  " .. clip(self.question, room) end
  for _, record in ipairs(self.records) do
    local line = ("%-" .. width .. "s"):format(record.stage)
    for i, name in ipairs(self.columns) do line = line .. ("  %" .. widths[i] .. "s"):format(cell(record, name)) end
    local answer = sample(record)
    lines[#lines + 1] = answer and line .. "  " .. clip(answer, room) or line
  end
  return table.concat(lines, "\n")
end

--- The same table as HTML.
function Table:html()
  local out = { "<table><thead><tr><th>stage</th>" }
  for _, name in ipairs(self.columns) do out[#out + 1] = "<th>" .. escape(name:gsub("_", " ")) .. "</th>" end
  if self.question then out[#out + 1] = '<th style="text-align:left">' .. escape(self.question) .. "</th>" end
  out[#out + 1] = "</tr></thead><tbody>"
  for _, record in ipairs(self.records) do
    out[#out + 1] = "<tr><td>" .. escape(record.stage) .. "</td>"
    for _, name in ipairs(self.columns) do out[#out + 1] = "<td>" .. cell(record, name) .. "</td>" end
    if self.question then
      out[#out + 1] = '<td style="text-align:left">' .. escape(clip(sample(record) or "", 80)) .. "</td>"
    end
    out[#out + 1] = "</tr>"
  end
  out[#out + 1] = "</tbody></table>"
  return table.concat(out)
end

function Table:__display() return { ["text/plain"] = tostring(self), ["text/html"] = self:html() } end

--- A table of records: one row a record, named by its field `stage`, one column for each number, and the answer to the
--- first question where the records have samples.
---@param records table[] each with `stage` and numbers, and perhaps `samples`, a list of { question, answer }
---@return Table table prints in columns, HTML in a notebook
--- Example: `print(report.table({ { stage = "base", loss = 2.5 } }))`
function report.table(records)
  local question
  for _, record in ipairs(records) do
    if record.samples and record.samples[1] then question = record.samples[1].question end
  end
  return setmetatable({ records = records, columns = report.columns(records), question = question }, Table)
end

local style = [[
:root { color-scheme: light dark; --ink: #1d2433; --paper: #fff; --line: #d8dde6; --soft: #5b6475; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --paper: #14171d; --line: #333a46; --soft: #9aa4b5; } }
body { font: 16px/1.6 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--line); text-align: right; } th:first-child, td:first-child { text-align: left; }
svg { max-width: 100%; height: auto; background: #fff; border-radius: 6px; }
li { margin: .3rem 0; } code { color: var(--soft); }
]]

--- A self-contained HTML page of a run.
---@param options { title: string, measures: table[], histories: table[], parameters: table }
---@return string html
function report.page(options)
  local out = {
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>", escape(options.title), "</title><style>",
    style, "</style></head><body><h1>", escape(options.title), "</h1><h2>Measured after every stage</h2>",
    report.table(options.measures):html(),
  }
  for _, item in ipairs(options.histories) do
    if #item.history > 0 then
      out[#out + 1] = "<h2>Loss: " .. escape(item.stage) .. "</h2>"
      out[#out + 1] = plot.line(item.history, { x = "step", y = { "loss" }, title = item.stage }):svg()
    end
  end
  out[#out + 1] = "<h2>Sample answers</h2>"
  for _, record in ipairs(options.measures) do
    if record.samples then
      out[#out + 1] = "<h3>" .. escape(record.stage) .. "</h3><ul>"
      for _, item in ipairs(record.samples) do
        out[#out + 1] = ("<li>%s → %s</li>"):format(escape(item.question), escape(item.answer))
      end
      out[#out + 1] = "</ul>"
    end
  end
  out[#out + 1] = "<h2>Parameters</h2><table><tbody>"
  local names = {}
  for name in pairs(options.parameters) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    out[#out + 1] = ("<tr><td>%s</td><td><code>%s</code></td></tr>"):format(escape(name), escape(options.parameters[name]))
  end
  out[#out + 1] = "</tbody></table></body></html>\n"
  return table.concat(out)
end

return report
