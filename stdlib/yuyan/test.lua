--- Checks for tests written in Lua: each raises an error that says what was expected and what came.
local pretty = require "yuyan.pretty"

local test = {}

local function shown(value)
  if type(value) == "string" then return '"' .. value .. '"' end
  return type(value) == "table" and pretty.format(value) or tostring(value)
end

local function same(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function fail(expected, got, level)
  error(("expected %s\ngot      %s"):format(expected, got), level + 1)
end

--- Raises unless both values are equal; tables by what they hold.
---@param got any the value to check
---@param expected any what it should be
--- Example: `test.equal({ 1, { 2 } }, { 1, { 2 } })`
function test.equal(got, expected)
  if not same(got, expected) then fail(shown(expected), shown(got), 2) end
end

--- Raises unless two numbers differ by no more than a tolerance.
---@param got number the value to check
---@param expected number what it should be
---@param tolerance? number the largest difference (default 1e-5)
--- Example: `test.near(0.1 + 0.2, 0.3)`
function test.near(got, expected, tolerance)
  tolerance = tolerance or 1e-5
  if type(got) ~= "number" or not (math.abs(got - expected) <= tolerance) then
    fail(("%s (within %s)"):format(expected, tolerance), shown(got), 2)
  end
end

--- Raises unless the value is neither nil nor false.
---@param value any the value to check
---@param what? string what was to be true
--- Example: `test.ok(#"text" == 4)`
function test.ok(value, what)
  if not value then fail(what or "something true", shown(value), 2) end
end

--- Raises unless `f` raises exactly this message, after the position of a line inside of `f`.
---@param message string all of the message, without its `file.lua:12: `
---@param f function what should fail
--- Example: `test.raises("no", function() error "no" end)`
function test.raises(message, f)
  local done, got = pcall(f)
  if done then fail("the error " .. shown(message), "none", 2) end
  got = tostring(got)
  local info = debug.getinfo(f, "S")
  local file, line, text = got:match "^(.-):(%d+): (.*)$"
  line = tonumber(line)
  if file ~= info.short_src or line < info.linedefined or line > info.lastlinedefined then
    fail(("an error at %s:%d, %s"):format(info.short_src, info.linedefined, shown(message)), shown(got), 2)
  end
  if text ~= message then fail(shown(message), shown(text), 2) end
end

--- Raises unless `f` raises exactly this message, with no position added.
---@param message string all of the message
---@param f function what should fail
--- Example: `test.fails("no", function() error("no", 0) end)`
function test.fails(message, f)
  local done, got = pcall(f)
  if done then fail("the error " .. shown(message), "none", 2) end
  if tostring(got) ~= message then fail(shown(message), shown(tostring(got)), 2) end
end

--- Runs the cases of a suite in the order of their names.
---@param suite table<string, fun(folder: string)> cases by name
---@param folder string where each case finds an empty folder of its own
---@return string[] failures the name and the message of each case that failed
--- Example: `test.run({ adds = function() test.equal(1 + 1, 2) end }, "/tmp/suite")`
function test.run(suite, folder)
  local files = require "yuyan.files"
  local names, failures = {}, {}
  for name in pairs(suite) do names[#names + 1] = name end
  table.sort(names)
  for number, name in ipairs(names) do
    local own = ("%s/%d"):format(folder, number)
    files.make_folder(own)
    local done, message = xpcall(suite[name], function(value) return debug.traceback(tostring(value), 2) end, own)
    if not done then failures[#failures + 1] = name .. ": " .. message end
  end
  return failures
end

return test
