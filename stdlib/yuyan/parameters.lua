--- Parameters of a script: a table of defaults, overridden by `name=value` on the command line.
local nearest = require "yuyan.host".nearest

local parameters = {}

local function sorted_names(defaults)
  local names = {}
  for name in pairs(defaults) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- The type of the default decides how the text is read.
local readers = {
  string = function(text) return text end,
  number = function(text, default)
    local value = tonumber(text)
    if value and math.type(default) == "integer" then return math.tointeger(value) end
    return value
  end,
  boolean = function(text) return ({ ["true"] = true, ["false"] = false })[text] end,
}
local expectations = { string = "text", number = "a number", boolean = "true or false" }

--- Reads `name=value` arguments over a table of defaults.
---@param arguments string[] the script's `arg`
---@param defaults table<string, string|number|boolean> every parameter with its default; the default's type is the parameter's
---@param options? { required: string[] } names that must be given
---@return table p all parameters
--- Example: `parameters.parse({ "steps=10" }, { steps = 5, out = "out" }).steps  --> 10`
function parameters.parse(arguments, defaults, options)
  local p = {}
  for name, value in pairs(defaults) do
    if not readers[type(value)] then
      error(("default of '%s': text, a number, true or false expected, got %s"):format(name, type(value)), 2)
    end
    p[name] = value
  end
  for _, argument in ipairs(arguments) do
    local name, text = argument:match "^([%w_]+)=(.*)$"
    if not name then
      error(("argument '%s': name=value expected; the names are %s"):format(argument,
        table.concat(sorted_names(defaults), ", ")), 0)
    end
    local default = defaults[name]
    if default == nil then
      local meant = nearest(name, sorted_names(defaults))
      error(("argument '%s': no parameter '%s'%s"):format(argument, name,
        meant and "; did you mean '" .. meant .. "'?" or ""), 0)
    end
    local value = readers[type(default)](text, default)
    if value == nil then
      local expected = math.type(default) == "integer" and "a whole number" or expectations[type(default)]
      error(("argument '%s': %s expected, got '%s'"):format(argument, expected, text), 0)
    end
    p[name] = value
  end
  for _, name in ipairs(options and options.required or {}) do
    if p[name] == "" then
      error(("%s=... is missing; the script takes name=value for %s"):format(name,
        table.concat(sorted_names(defaults), ", ")), 0)
    end
  end
  return p
end

return parameters
