--- The table `yy`: every part of yuyan under its short name, loaded when it is first asked for.
local require, rawset, error, next, type, setmetatable = require, rawset, error, next, type, setmetatable
local preload, searchpath, package, sub, sort = package.preload, package.searchpath, package, string.sub, table.sort

--- Parts written in Lua, beside this file; the native ones stand in package.preload. `chat` and `doctor` are no parts:
--- they belong to `m:chat()` and `yuyan doctor`.
local written_in_lua = { "parameters", "plot", "pretty", "recipe", "report", "stories", "test" }

local yy = {}

--- The names of all parts, sorted.
local function names()
  local result = {}
  for name in next, preload do
    if type(name) == "string" and sub(name, 1, 6) == "yuyan." and name ~= "yuyan.host" then
      result[#result + 1] = sub(name, 7)
    end
  end
  for i = 1, #written_in_lua do result[#result + 1] = written_in_lua[i] end
  sort(result)
  return result
end

local function load_part(_, name)
  if type(name) ~= "string" then return nil end
  local full = "yuyan." .. name
  if not preload[full] and not searchpath(full, package.path) then
    local nearest = require("yuyan.host").nearest(name, names())
    error("yy has no member '" .. name .. "'" .. (nearest and "; did you mean '" .. nearest .. "'?" or ""), 2)
  end
  local part = require(full)
  rawset(yy, name, part)
  return part
end

local methods = {}
for _, name in next, names() do methods[name] = true end

return setmetatable(yy, {
  __name = "yuyan",
  __tostring = function() return "yuyan" end,
  __methods = methods,
  __index = load_part,
})
