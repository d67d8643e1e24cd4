--- Pictures of numbers: SVG in notebooks and pages, text in a terminal. gnuplot draws them, as a child process.
local nearest = require "yuyan.host".nearest
local process = require "yuyan.process"

local plot = {}

---@class Plot
---@field title string
---@field series table[] each with a name and its points
local Plot = {}
Plot.__index = Plot
Plot.__name = "Plot"

-- Colours that keep apart for the colour-blind (Okabe and Ito 2008).
local colours = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000" }

local function quoted(text) return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", " ") .. '"' end

--- The part of a gnuplot program that is the same for every terminal.
local function program(self, terminal, style)
  -- Above an axis that begins at zero there is room at the bottom.
  local key = "set key " .. (self.from_zero and "bottom right" or "top right")
  local lines = { terminal, "set encoding utf8", key, "set border 3", "set tics nomirror", "set grid ytics" }
  if self.title then lines[#lines + 1] = "set title " .. quoted(self.title) .. " noenhanced" end
  lines[#lines + 1] = "set xlabel " .. quoted(self.x) .. " noenhanced"
  if self.log_y then lines[#lines + 1] = "set logscale y" end
  if self.from_zero then lines[#lines + 1] = "set yrange [0:*]" end
  local curves = {}
  for i, series in ipairs(self.series) do
    lines[#lines + 1] = ("$data%d << END_OF_DATA"):format(i)
    for _, point in ipairs(series.points) do lines[#lines + 1] = ("%.9g %.9g"):format(point[1], point[2]) end
    lines[#lines + 1] = "END_OF_DATA"
    curves[i] = ("$data%d using 1:2 with lines %s title %s noenhanced"):format(i, style(i), quoted(series.name))
  end
  lines[#lines + 1] = "plot " .. table.concat(curves, ", ")
  return table.concat(lines, "\n") .. "\n"
end

local function draw(script)
  if not process.find "gnuplot" then
    error("gnuplot draws pictures and is not installed; apt-get install gnuplot-nox", 0)
  end
  local result = process.run("gnuplot", { "-" }, { input = script, timeout = 60 })
  if result.status ~= 0 then error("gnuplot: " .. result.errors, 0) end
  return result.output
end

--- The picture as SVG.
---@return string svg
function Plot:svg()
  local terminal = ("set terminal svg size %d,%d dynamic font 'sans-serif,13' background '#ffffff'"):format(self.width, self.height)
  local svg = draw(program(self, terminal, function(i)
    return ("linewidth 2 linecolor rgb %s"):format(quoted(colours[(i - 1) % #colours + 1]))
  end))
  return (svg:gsub("^.-(<svg)", "%1", 1))
end

--- The picture in characters.
---@param options? { columns: integer, rows: integer } columns (default 79) and rows (default 20)
---@return string text
function Plot:text(options)
  options = options or {}
  local terminal = ("set terminal dumb size %d,%d noenhanced"):format(options.columns or 79, options.rows or 20)
  local text = draw(program(self, terminal, function() return "" end))
  return (text:gsub("\f", ""):gsub("[ \t]+\n", "\n"):gsub("^\n+", ""):gsub("\n+$", ""))
end

function Plot:__tostring() return self:text() end

function Plot:__display() return { ["text/plain"] = self:text(), ["image/svg+xml"] = self:svg() } end

local function number(value) return math.type(value) and value == value and math.abs(value) ~= math.huge end

--- Draws lines through the numbers of records.
---@param rows table[] records, such as `run.history`
---@param options { x: string, y: string[], title: string, log_y: boolean, from_zero: boolean, width: integer, height: integer } the fields to draw, and how
---@return Plot plot shows itself in a notebook and in a terminal
--- Example: `plot.line({ { step = 1, loss = 3 }, { step = 2, loss = 2 } }, { x = "step", y = { "loss" } })`
function plot.line(rows, options)
  if type(rows) ~= "table" then error(("bad argument #1 'rows' to 'plot.line' (table expected, got %s)"):format(type(rows)), 2) end
  if type(options) ~= "table" then error("bad argument #2 'options' to 'plot.line' (a table with x and y expected)", 2) end
  local known = { x = true, y = true, title = true, log_y = true, from_zero = true, width = true, height = true }
  for name in pairs(options) do
    if not known[name] then
      local meant = nearest(tostring(name), { "x", "y", "title", "log_y", "from_zero", "width", "height" })
      error(("bad argument #2 'options' to 'plot.line' (unknown option '%s'%s)"):format(name,
        meant and "; did you mean '" .. meant .. "'?" or "; x, y, title, log_y, from_zero, width and height are known"), 2)
    end
  end
  if options.log_y and options.from_zero then
    error("bad argument #2 'options' to 'plot.line' (a logarithmic axis has no zero: log_y or from_zero expected)", 2)
  end
  local x = options.x
  local names = type(options.y) == "string" and { options.y } or options.y
  if type(x) ~= "string" or type(names) ~= "table" or #names == 0 then
    error("bad argument #2 'options' to 'plot.line' (x, a field, and y, a list of fields, expected)", 2)
  end
  local series = {}
  for _, name in ipairs(names) do
    local points = {}
    for _, row in ipairs(rows) do
      if number(row[x]) and number(row[name]) then points[#points + 1] = { row[x], row[name] } end
    end
    if #points == 0 then
      error(("bad argument #1 'rows' to 'plot.line' (no record has both '%s' and '%s')"):format(x, name), 2)
    end
    series[#series + 1] = { name = name, points = points }
  end
  return setmetatable({
    x = x, series = series, title = options.title, log_y = options.log_y, from_zero = options.from_zero,
    width = options.width or 640, height = options.height or 360,
  }, Plot)
end

return plot
