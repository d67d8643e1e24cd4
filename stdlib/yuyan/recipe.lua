--- What a recipe script needs around its recipe: parameters, stages, measurements, a table and a report.
local files = require "yuyan.files"
local json = require "yuyan.json"
local parameters = require "yuyan.parameters"
local report = require "yuyan.report"

local recipe = { parameters = parameters.parse }

---@class Run
---@field out string the folder of everything the recipe writes
---@field measures table[] one record a stage, in order
local Run = {}
Run.__index = Run
Run.__name = "Run"

local function split_list(text)
  local list = {}
  for item in text:gmatch "[^,%s]+" do list[#list + 1] = item end
  return list
end

--- Opens the folder `p.out` for a recipe of the named stages.
---@param p table the parameters; `out` names the folder, `skip` lists stages to leave out
---@param stages string[] names of the stages, in order
---@return Run run
--- Example: `recipe.start({ out = "out", skip = "tune" }, { "pretrain", "tune" })`
function recipe.start(p, stages)
  local known = {}
  for _, name in ipairs(stages) do known[name] = true end
  local skipped = {}
  for _, name in ipairs(split_list(p.skip or "")) do
    if not known[name] then
      error(("skip: no stage '%s'; the stages are %s"):format(name, table.concat(stages, ", ")), 2)
    end
    skipped[name] = true
  end
  files.make_folder(p.out .. "/metrics")
  files.write(p.out .. "/parameters.json", json.encode(p, { indent = 1 }) .. "\n")
  local fingerprint = json.encode(p, { sorted = true })
  return setmetatable({
    out = p.out, skipped = skipped, measures = {}, histories = {}, parameters = p, fingerprint = fingerprint,
  }, Run)
end

--- Tells whether a stage is part of this run, and says so.
function Run:wants(stage)
  local wanted = not self.skipped[stage]
  print(("\n== %s%s"):format(stage, wanted and "" or ": left out"))
  return wanted
end

--- What a file of the run depends on: parameters, and the contents of files that they name.
local function origin(p, names)
  local record = {}
  for _, name in ipairs(names) do
    local value = tostring(p[name])
    if p[name] ~= "" and type(p[name]) == "string" and files.is_file(value) then
      value = value .. ", sha256 " .. files.sha256(value):sub(1, 16)
    end
    record[name] = value
  end
  return record
end

--- Gives what `load` reads from a file of the run's folder; `make(path)` writes it first where it is missing.
---@param name string the file
---@param made_of string[] the parameters it depends on; a file made of others is refused
---@param load fun(path: string): any
---@param make fun(path: string)
function Run:file(name, made_of, load, make)
  local path = self.out .. "/" .. name
  local note = path .. ".json"
  local now = origin(self.parameters, made_of)
  if files.exists(path) and files.exists(note) then
    local before = json.decode(files.read(note))
    for _, parameter in ipairs(made_of) do
      if before[parameter] ~= now[parameter] then
        error(("%s was made with %s=%s, and now it is %s; choose another out, or remove that folder"):format(
          path, parameter, before[parameter], now[parameter]), 0)
      end
    end
  else
    make(path)
    files.write(note, json.encode(now, { indent = 1 }) .. "\n")
  end
  return load(path)
end

--- Refuses to start where the disk cannot take what the run may still write.
---@param model Model the base model
---@param vocabulary integer its vocabulary after the merge
function Run:require_space(model, vocabulary)
  local body = model.parameters - model.vocab_size * model.hidden_size
  local matrices = 2 * vocabulary * model.hidden_size         -- embedding and head
  local whole, adapter = body + matrices, body // 10 + matrices
  -- A checkpoint holds each trained number three times: itself and two moments. One is written beside the last.
  local numbers = 2 * whole + adapter + 3 * (whole + matrices + 2 * adapter) + 3 * whole
  local there = 0
  for _, path in ipairs(files.list { self.out .. "/**" }) do there = there + files.size(path) end
  local needed = math.max(0, 4 * numbers - there)
  local free = files.available_bytes(self.out)
  if free < needed then
    error(("%s: this run may still write %.1f GB and the disk has %.1f GB free; choose another out"):format(
      self.out, needed / 1e9, free / 1e9), 0)
  end
end

--- Trains one stage; options are those of yy.train.run.
function Run:train(stage, options)
  local result = require "yuyan.train".run(options)
  self.histories[#self.histories + 1] = { stage = stage, history = result.history }
  return result
end

--- Measures after a stage, once: a run that is continued with the same parameters reads what it measured before.
---@param stage string
---@param measurement fun(): table named numbers, and `samples`, a list of { question, answer }
function Run:measure(stage, measurement)
  local path = ("%s/metrics/measured-%s.json"):format(self.out, stage)
  local record = files.exists(path) and json.decode(files.read(path)) or {}
  if record.parameters ~= self.fingerprint then
    record = measurement()
    record.stage, record.parameters = stage, self.fingerprint
    files.write(path, json.encode(record) .. "\n")
  end
  self.measures[#self.measures + 1] = record
  local words = {}
  for _, name in ipairs(report.columns(self.measures)) do
    if record[name] then words[#words + 1] = ("%s %.4f"):format(name, record[name]) end
  end
  print(("after %s: %s"):format(stage, table.concat(words, ", ")))
  for _, sample in ipairs(record.samples or {}) do
    print(("  %s → %s"):format(sample.question, report.one_line(sample.answer)))
  end
end

--- The measurements of all stages as one table.
function Run:table() return report.table(self.measures) end

--- Writes a page with the table, the loss curves and the sample answers.
function Run:report(path)
  files.write(path, report.page {
    title = "What the model learned", measures = self.measures, histories = self.histories, parameters = self.parameters,
  })
  print("report: " .. path)
end

return recipe
