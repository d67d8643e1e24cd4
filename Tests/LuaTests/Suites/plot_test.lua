local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

local rows = {}
for i = 1, 20 do rows[i] = { step = i, loss = 4 / i, ["a_b"] = i % 3 == 0 and 1 / i or nil } end

local drawn = yy.process.find "gnuplot" ~= nil

suite["draws SVG for notebooks"] = function()
  if not drawn then return end
  local picture = yy.plot.line(rows, { x = "step", y = { "loss", "a_b" }, title = "Loss <1>" })
  local svg = picture:svg()
  test.equal(select("#", picture:svg()), 1)
  test.ok(svg:find "^<svg" and svg:find "</svg>%s*$")
  test.ok(svg:find("Loss &lt;1", 1, true))
  local shown = getmetatable(picture).__display(picture)
  test.equal({ shown["image/svg+xml"], shown["text/plain"] }, { svg, picture:text() })
end

suite["draws characters for terminals"] = function()
  if not drawn then return end
  local text = tostring(yy.plot.line(rows, { x = "step", y = "loss" }))
  local lines, widest = 0, 0
  for line in text:gmatch "[^\n]+" do
    lines = lines + 1
    widest = math.max(widest, utf8.len(line))
  end
  test.ok(lines >= 15 and lines <= 20)
  test.ok(widest <= 79)
  test.ok(text:find "step" and text:find "loss")
  local small = yy.plot.line(rows, { x = "step", y = "loss", log_y = true }):text { columns = 40, rows = 10 }
  test.ok(#small < 500)
end

suite["begins the vertical axis at zero where that is asked for"] = function()
  if not drawn then return end
  local high = { { x = 1, y = 1000 }, { x = 2, y = 1001 } }
  local function has_zero(options) return yy.plot.line(high, options):svg():find("> ?0</") ~= nil end
  test.equal(has_zero { x = "x", y = "y" }, false)
  test.equal(has_zero { x = "x", y = "y", from_zero = true }, true)
end

suite["tells what it cannot draw"] = function()
  test.raises("bad argument #1 'rows' to 'plot.line' (table expected, got nil)", function() yy.plot.line() end)
  test.raises("bad argument #2 'options' to 'plot.line' (a table with x and y expected)", function() yy.plot.line(rows) end)
  test.raises("bad argument #2 'options' to 'plot.line' (unknown option 'z'; did you mean 'x'?)",
    function() yy.plot.line(rows, { x = "step", z = "loss" }) end)
  test.raises("bad argument #2 'options' to 'plot.line' (x, a field, and y, a list of fields, expected)",
    function() yy.plot.line(rows, { x = "step" }) end)
  test.raises("bad argument #2 'options' to 'plot.line' (a logarithmic axis has no zero: log_y or from_zero expected)",
    function() yy.plot.line(rows, { x = "step", y = "loss", log_y = true, from_zero = true }) end)
  test.raises("bad argument #1 'rows' to 'plot.line' (no record has both 'step' and 'los')",
    function() yy.plot.line(rows, { x = "step", y = { "los" } }) end)
end

return suite
