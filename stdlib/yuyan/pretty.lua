--- Prints nested tables so that a person can read them: keys sorted, strings quoted, cycles named, long and deep parts cut
--- with a count. Keeps the functions it needs, so nothing a user does to globals changes it.
local type, next, tostring, rawget, rawlen, pcall, select = type, next, tostring, rawget, rawlen, pcall, select
local getmetatable, mathtype, concat, sort = debug.getmetatable, math.type, table.concat, table.sort
local format, gsub, find, sub, rep = string.format, string.gsub, string.find, string.sub, string.rep
local byte, utf8len, offset, huge = string.byte, utf8.len, utf8.offset, math.huge

local pretty = {}

local keywords = {}
for word in string.gmatch(
  "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
  "%a+"
) do keywords[word] = true end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(text)
  text = gsub(text, '[%c"\\]', function(c) return escapes[c] or format("\\%03d", byte(c)) end)
  if utf8len(text) then return text end
  return (gsub(text, "[\128-\255]", function(c) return format("\\x%02X", byte(c)) end))
end

local function quote(text, limit)
  local length = utf8len(text)
  if not length then
    length = #text
    if length > limit then
      return '"' .. escape(sub(text, 1, limit)) .. format('" ... (%d bytes)', length)
    end
  elseif length > limit then
    return '"' .. escape(sub(text, 1, offset(text, limit + 1) - 1)) .. format('" ... (%d characters)', length)
  end
  return '"' .. escape(text) .. '"'
end

local function number(value)
  if mathtype(value) == "integer" then return format("%d", value) end
  if value ~= value then return "nan" end
  if value == huge then return "inf" elseif value == -huge then return "-inf" end
  return tostring(value)
end

local order = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local kind, other = type(a), type(b)
  if kind ~= other then return (order[kind] or 4) < (order[other] or 4) end
  if kind == "number" or kind == "string" then return a < b end
  if kind == "boolean" then return a and not b end
  return false
end

local function key_text(key, limit)
  if type(key) == "string" then
    if find(key, "^[%a_][%w_]*$") and not keywords[key] then return key end
    return "[" .. quote(key, limit) .. "]"
  end
  if type(key) == "number" then return "[" .. number(key) .. "]" end
  return "[" .. tostring(key) .. "]"
end

local show

--- The text of every entry of a table, at most `items` of each part, and how many were left out.
local function entries(value, state, depth, indent)
  local texts, count = {}, rawlen(value)
  local shown = count < state.items and count or state.items
  for i = 1, shown do texts[i] = show(rawget(value, i), state, depth + 1, indent .. "  ") end
  if count > shown then texts[#texts + 1] = format("... (%d more)", count - shown) end
  local keys = {}
  for key in next, value do
    if not (mathtype(key) == "integer" and key >= 1 and key <= count) then
      keys[#keys + 1] = key
      if #keys > state.scan then break end
    end
  end
  if #keys <= state.scan then sort(keys, before) end
  for i = 1, #keys < state.items and #keys or state.items do
    local key = keys[i]
    texts[#texts + 1] = key_text(key, state.string) .. " = " .. show(rawget(value, key), state, depth + 1, indent .. "  ")
  end
  if #keys > state.scan then
    texts[#texts + 1] = format("... (more than %d more)", state.scan - state.items)
  elseif #keys > state.items then
    texts[#texts + 1] = format("... (%d more)", #keys - state.items)
  end
  return texts
end

local function own_text(value, meta)
  if type(meta) ~= "table" or not (rawget(meta, "__tostring") or rawget(meta, "__name")) then return nil end
  local done, text = pcall(tostring, value)
  return done and text or nil
end

--- Short entries side by side, as many as fit in a line.
local function filled(texts, width)
  local lines, line = {}, nil
  for i = 1, #texts do
    local text = texts[i]
    local joined = line and line .. ", " .. text
    if joined and not find(joined, "\n", 1, true) and (utf8len(joined) or #joined) <= width then
      line = joined
    else
      lines[#lines + 1] = line
      line = text
    end
  end
  lines[#lines + 1] = line
  return lines
end

function show(value, state, depth, indent)
  local kind = type(value)
  if kind == "string" then return quote(value, state.string) end
  if kind == "number" then return number(value) end
  if kind ~= "table" then
    local done, text = pcall(tostring, value)
    return done and text or kind
  end
  local text = own_text(value, getmetatable(value))
  if text then return (gsub(text, "\n", "\n" .. indent)) end
  if next(value) == nil then return "{}" end
  if state.open[value] then return "<cycle>" end
  if depth >= state.depth then return "{...}" end
  state.open[value] = true
  local texts = entries(value, state, depth, indent)
  state.open[value] = nil
  local line = "{ " .. concat(texts, ", ") .. " }"
  if #indent + (utf8len(line) or #line) <= state.width and not find(line, "\n", 1, true) then return line end
  local lines = rawlen(value) > 8 and filled(texts, state.width - #indent - 3) or texts
  return "{\n" .. indent .. "  " .. concat(lines, ",\n" .. indent .. "  ") .. "\n" .. indent .. "}"
end

--- Gives a readable text of any value.
---@param value any what to show
---@param options? { depth?: integer, items?: integer, width?: integer, string?: integer } limits: levels of nesting (6), entries of a table (50), columns (80), characters of a string (200)
---@return string text without a final line break
--- Example: `pretty.format({ 1, 2, x = "a" })  --> { 1, 2, x = "a" }`
function pretty.format(value, options)
  options = options or {}
  local state = {
    depth = options.depth or 6, items = options.items or 50, width = options.width or 80, string = options.string or 200,
    scan = 10000, open = {},
  }
  return show(value, state, 0, "")
end

--- Prints values readably, one after the other.
---@param ... any what to show
--- Example: `pretty.print({ 1, 2 })`
function pretty.print(...)
  for i = 1, select("#", ...) do print(pretty.format((select(i, ...)))) end
end

return pretty
