-- What the benchmark scripts share: running one another as processes of their own, medians, shapes with changes.
local yy = require "yuyan"
local shapes = require "shapes"

local common = { folder = arg[0]:match "^(.*)/" or "." }

function common.median(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  return #sorted % 2 == 1 and sorted[middle + 1] or (sorted[middle] + sorted[middle + 1]) / 2
end

function common.rounded(value, places) return math.floor(value * 10 ^ places + 0.5) / 10 ^ places end

--- The greatest resident memory of this process so far, in MiB.
function common.peak_mb()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmHWM:%s*(%d+) kB"
    if kilobytes then return tonumber(kilobytes) // 1024 end
  end
end

--- A shape of shapes.lua in which the numbers that are not 0 in `changes` replace its own.
function common.shape(name, changes)
  local shape = {}
  if not shapes[name] then error(("shape: 15m, 110m, 350m or 1b expected, got '%s'"):format(name), 0) end
  for field, value in pairs(shapes[name]) do
    shape[field] = (changes and (changes[field] or 0) ~= 0) and changes[field] or value
  end
  return shape
end

--- Runs a program that ends its output with a line of JSON, and gives that.
---@return table? record nil when the program failed
---@return string? reason the last line of what it said
function common.run(program, arguments)
  local result = yy.process.run(program, arguments)
  if result.status ~= 0 then
    return nil, ("exit status %d: %s"):format(result.status, result.errors:match "([^\n]+)%s*$" or "nothing was said")
  end
  local line = result.output:match "([^\n]+)%s*$" or ""
  local read, record = pcall(yy.json.decode, line)
  if not read then return nil, "no JSON at the end of its output: " .. line:sub(1, 80) end
  return record
end

--- Runs one of the scripts beside this file with `name=value` arguments, in a process of its own.
function common.script(name, parameters)
  local arguments = {}
  for key, value in pairs(parameters) do arguments[#arguments + 1] = ("%s=%s"):format(key, value) end
  table.sort(arguments)
  table.insert(arguments, 1, common.folder .. "/" .. name)
  return common.run(yy.machine.facts().program, arguments)
end

return common
