local parameters = require "yuyan.parameters"
local test = require "yuyan.test"
local suite = {}

local defaults = { steps = 5, rate = 0.5, out = "out", tied = false }

suite["takes defaults and overrides by type"] = function()
  test.equal(parameters.parse({}, defaults), defaults)
  test.equal(parameters.parse({ "steps=10", "rate=2", "out=a=b", "tied=true" }, defaults),
    { steps = 10, rate = 2, out = "a=b", tied = true })
  test.equal(parameters.parse({ "out=" }, defaults).out, "")
end

suite["tells which argument is wrong"] = function()
  local function parse(argument) return function() parameters.parse({ argument }, defaults) end end
  test.fails("argument 'stesp=3': no parameter 'stesp'; did you mean 'steps'?", parse "stesp=3")
  test.fails("argument 'steps': name=value expected; the names are out, rate, steps, tied", parse "steps")
  test.fails("argument 'steps=3.5': a whole number expected, got '3.5'", parse "steps=3.5")
  test.fails("argument 'rate=x': a number expected, got 'x'", parse "rate=x")
  test.fails("argument 'tied=yes': true or false expected, got 'yes'", parse "tied=yes")
  test.raises("default of 'x': text, a number, true or false expected, got table", function()
    parameters.parse({}, { x = {} })
  end)
end

return suite
