-- Runs the jobs of scripts/bench and keeps every measurement as a JSON line; table.lua makes the table of them.
--
--   yuyan scripts/benchmarks/measure.lua output=FILE.jsonl only=lora-f32,attention peers=FOLDER
--
-- `peers` is a folder with bin/python (peers/install makes one); without it only our side runs. A job and its peer take
-- turns, `rounds` times, each run a process of its own; the machine's limits are measured at the start and after each
-- job. Exit status: 0, 1 when a job failed (the others are still run), 2 for a wrong name.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local common, jobs = require "common", require "jobs"

local p = yy.parameters.parse(arg, {
  output = "", only = "", peers = "", rounds = 2, quick = false,
  work = (os.getenv "HOME" or "/tmp") .. "/.cache/yuyan/benchmarks",
}, { required = { "output" } })

local by_name, names = {}, {}
for i, job in ipairs(jobs) do by_name[job.name], names[i] = job, job.name end

local function selected()
  if p.only == "" then return jobs end
  local chosen = {}
  for name in p.only:gmatch "[^,%s]+" do
    if not by_name[name] then
      io.stderr:write(("bench: no job is called '%s'; the jobs are %s\n"):format(name, table.concat(names, ", ")))
      os.exit(2)
    end
    chosen[#chosen + 1] = by_name[name]
  end
  return chosen
end

local function keep(record) yy.files.append(p.output, yy.json.encode(record)) end
local function say(...) io.stderr:write(string.format(...)) end

local failures = 0

--- Runs one side of a job and keeps what came out; `run` gives a record, or nil and why not.
local function measured(job, side, round, run)
  say("  round %d of %d, %s: ", round, p.rounds, side == "ours" and "ours" or job.peer[1])
  local start = yy.machine.seconds()
  local record, reason = run()
  local line = { kind = side, job = job.name, round = round, seconds = common.rounded(yy.machine.seconds() - start, 1) }
  if record then
    line.record = record
    say("%s %s\n", record[job.figure] or "no " .. job.figure, job.unit)
  else
    line.kind, line.side, line.reason = "failed", side, reason
    failures = failures + 1
    say("failed: %s\n", reason)
  end
  keep(line)
end

local function ours(job)
  local parameters = {}
  for name, value in pairs(job.ours[2]) do parameters[name] = value end
  if p.quick and parameters.steps then parameters.steps = 2 end
  if p.quick and parameters.new then parameters.new = 16 end
  return common.script(job.ours[1], parameters)
end

local function peer(job, threads)
  if job.peer.ours then return ours(by_name[job.peer.ours]) end
  local arguments = { common.folder .. "/peers/" .. job.peer[2], "--threads", tostring(threads) }
  for name, value in pairs(job.peer[3]) do
    if p.quick and name == "steps" then value = 2 end
    if p.quick and name == "new" then value = 16 end
    table.move({ "--" .. name, tostring(value) }, 1, 2, #arguments + 1, arguments)
  end
  if job.peer[2] == "llama_cpp_decode.py" then table.move({ "--folder", p.work }, 1, 2, #arguments + 1, arguments) end
  return common.run(p.peers .. "/bin/python", arguments)
end

local function limits()
  local record, reason = common.script("limits.lua", { seconds = p.quick and 0.3 or 1 })
  if not record then error("the limits cannot be measured: " .. reason, 0) end
  keep { kind = "limits", record = record }
end

local chosen = selected()
if p.quick then p.rounds = 1 end
yy.files.make_folder(p.work)
local facts = yy.machine.facts()
keep { kind = "machine", record = facts, quick = p.quick, rounds = p.rounds, date = os.date "%Y-%m-%d %H:%M" }
say "limits\n"
limits()
for i, job in ipairs(chosen) do
  say("%d of %d, %s: %s\n", i, #chosen, job.name, job.title)
  for round = 1, p.rounds do
    measured(job, "ours", round, function() return ours(job) end)
    if job.peer and (p.peers ~= "" or job.peer.ours) then
      measured(job, "peer", round, function() return peer(job, facts.threads) end)
    end
  end
  limits()
end
if failures > 0 then os.exit(1) end
