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
  return setmetatable({ out = p.out, skipped = skipped, measures = {}, histories = {}, parameters = p, fingerprint = fingerprint }, Run)
end

--- Tells whether a stage is part of this run, and says so.
function Run:wants(stage)
  local wanted = not self.skipped[stage]
  print(("\n== %s%s"):format(stage, wanted and "" or ": left out"))
  return wanted
end

--- Gives what `load` reads from a file of the run's folder, after `make(path)` has written it where it is missing.
function Run:file(name, load, make)
  local path = self.out .. "/" .. name
  if not files.exists(path) then make(path) end
  return load(path)
end

--- Refuses to start where the disk cannot take what the run will write: start, base, model, adapter and checkpoints.
---@param model Model the base model
---@param vocabulary integer its vocabulary after the merge
function Run:require_space(model, vocabulary)
  local bytes_a_weight = 4
  local grown = model.parameters + 2 * math.max(0, vocabulary - model.vocab_size) * model.hidden_size
  local moments_and_weights = 3
  local needed = bytes_a_weight * grown * (2 + 1 + 2 * moments_and_weights)
  local free = files.available_bytes(self.out)
  if free < needed then
    error(("%s: this run may write %.1f GB and the disk has %.1f GB free; choose another out="):format(
      self.out, needed / 1e9, free / 1e9), 2)
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
---@param measurement fun(): table named numbers, and `samples`, a list of strings
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
  for _, sample in ipairs(record.samples or {}) do print("  " .. sample) end
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
