/// The part of the evaluator that is best said in Lua: which variables a session has and how values are shown.
///
/// It keeps the functions it needs as locals, so nothing that a user does to globals changes it, and it is loaded
/// without debug information, so that it adds no position to a message.
enum EvaluatorPrelude {
  static let chunkName = "=[yuyan]"

  static let source = #"""
    local select, type, error, pcall, next = select, type, error, pcall, next
    local tostring, rawequal, rawget, setmetatable, require = tostring, rawequal, rawget, setmetatable, require
    local getupvalue, setupvalue, upvaluejoin = debug.getupvalue, debug.setupvalue, debug.upvaluejoin
    local getmetatable, getregistry = debug.getmetatable, debug.getregistry
    local concat, sort, mathtype, format = table.concat, table.sort, math.type, string.format
    local gsub, match, find, byte = string.gsub, string.match, string.find, string.byte
    local io, globals = io, _G
    local stdout, stderr, output = io.stdout, io.stderr, io.output

    local session = {}
    local variables = {}  -- name -> { closure, index of the upvalue, is constant }
    local fresh = {}      -- names declared since the last look
    local closing = {}    -- <close> values in order

    -- What a cell reaches through its hidden upvalue.
    local cell = { more = {} }

    local function bind(name, closure, index, constant)
      variables[name] = { closure, index, constant }
      fresh[#fresh + 1] = constant and name .. "!" or name
    end

    function cell.keep(closure)
      local index = 1
      local name = getupvalue(closure, 1)
      while name do
        bind(name, closure, index, false)
        index = index + 1
        name = getupvalue(closure, index)
      end
    end

    function cell.constant(name, value)
      bind(name, function() return value end, 1, true)
    end

    function cell.close(name, value)
      if value then
        local meta = getmetatable(value)
        if type(meta) ~= "table" or rawget(meta, "__close") == nil then
          error("variable '" .. name .. "' got a non-closable value", 2)
        end
        closing[#closing + 1] = value
      end
      cell.constant(name, value)
    end

    function cell.show(...) return ... end

    -- A cell that names more variables than Lua allows upvalues reads the rest through this table.
    local function overflowing()
      local seen = {}
      for name, variable in next, variables do seen[name] = variable end
      local proxy = setmetatable({}, {
        __index = function(_, name)
          local _, value = getupvalue(seen[name][1], seen[name][2])
          return value
        end,
        __newindex = function(_, name, value)
          if seen[name][3] then error("attempt to assign to const variable '" .. name .. "'", 2) end
          setupvalue(seen[name][1], seen[name][2], value)
        end,
      })
      return setmetatable({ variables = proxy }, { __index = cell })
    end

    -- chunk: the compiled piece; gives the function of the cell, its upvalues joined to the session's variables.
    function session.link(chunk, overflows)
      local run = chunk(overflows and overflowing() or cell)
      local index = 1
      local name = getupvalue(run, 1)
      while name do
        local variable = variables[name]
        local _, value = getupvalue(run, index)
        if variable and not rawequal(value, cell) and not (overflows and type(value) == "table"
            and rawequal(rawget(value, "variables") and getmetatable(value).__index, cell)) then
          upvaluejoin(run, index, variable[1], variable[2])
        end
        index = index + 1
        name = getupvalue(run, index)
      end
      return run
    end

    function session.fresh()
      local names = concat(fresh, "\n")
      fresh = {}
      return names
    end

    function session.is_more(value) return rawequal(value, cell.more) end

    -- Names a user may have meant or may want completed.
    function session.names()
      local names, seen = {}, {}
      local function add(name)
        if type(name) == "string" and match(name, "^[%a_][%w_]*$") and not seen[name] then
          seen[name] = true
          names[#names + 1] = name
        end
      end
      for name in next, globals do add(name) end
      for name in next, variables do add(name) end
      sort(names)
      return concat(names, "\n")
    end

    local function value_of(name)
      local variable = variables[name]
      if not variable then return rawget(globals, name) end
      local _, value = getupvalue(variable[1], variable[2])
      return value
    end

    -- The fields behind a path such as `yy.data`, without running any user's code.
    function session.fields(path)
      local value
      local first = true
      for name in string.gmatch(path, "[%a_][%w_]*") do
        if first then value = value_of(name)
        elseif type(value) == "table" then value = rawget(value, name)
        else return "" end
        first = false
      end
      local names, seen, depth = {}, {}, 0
      while value ~= nil and depth < 8 do
        if type(value) == "table" then
          for name in next, value do
            if type(name) == "string" and match(name, "^[%a_][%w_]*$") and not seen[name] then
              seen[name] = true
              names[#names + 1] = name
            end
          end
        end
        local meta = getmetatable(value)
        if type(meta) ~= "table" then break end
        local index = rawget(meta, "__index")
        if type(index) ~= "table" then index = rawget(meta, "__methods") end
        value, depth = index, depth + 1
      end
      sort(names)
      return concat(names, "\n")
    end

    local pretty
    local function shown(value)
      local meta = getmetatable(value)
      if type(value) == "table"
        and not (type(meta) == "table" and (rawget(meta, "__tostring") or rawget(meta, "__name"))) then
        if pretty == nil then
          local found, module = pcall(require, "yuyan.pretty")
          pretty = found and (type(module) == "table" and (module.format or module.pretty) or module) or false
        end
        if pretty then
          local done, text = pcall(pretty, value)
          if done and type(text) == "string" then return text end
        end
      end
      return tostring(value)
    end
    session.shown = shown

    local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
    local function json(value, depth)
      if depth > 100 then error "the value is nested too deeply" end
      local kind = type(value)
      if kind == "string" then
        return '"' .. gsub(value, '[%c"\\]', function(c) return escapes[c] or format("\\u%04x", byte(c)) end) .. '"'
      elseif kind == "number" then
        if mathtype(value) == "integer" then return format("%d", value) end
        if value ~= value or value == 1 / 0 or value == -1 / 0 then return "null" end
        return (gsub(format("%.17g", value), ",", "."))
      elseif kind == "table" then
        local parts = {}
        if #value > 0 or next(value) == nil then
          for i = 1, #value do parts[i] = json(value[i], depth + 1) end
          return "[" .. concat(parts, ",") .. "]"
        end
        for key, item in next, value do
          parts[#parts + 1] = json(tostring(key), depth + 1) .. ":" .. json(item, depth + 1)
        end
        sort(parts)
        return "{" .. concat(parts, ",") .. "}"
      elseif kind == "boolean" then
        return tostring(value)
      end
      return "null"
    end

    -- A value as { mime, text, mime, text, ... }, text/plain first.
    function session.bundle(...)
      local count = select("#", ...)
      local parts = { "text/plain" }
      if count == 1 then
        local value = ...
        local meta = getmetatable(value)
        local display = type(meta) == "table" and rawget(meta, "__display")
        if display then
          local bundle = display(value)
          if type(bundle) == "table" then
            parts[2] = type(bundle["text/plain"]) == "string" and bundle["text/plain"] or shown(value)
            local mimes = {}
            for mime in next, bundle do
              if type(mime) == "string" and mime ~= "text/plain" then mimes[#mimes + 1] = mime end
            end
            sort(mimes)
            for _, mime in next, mimes do
              local content = bundle[mime]
              if type(content) == "table" then content = json(content, 1) end
              parts[#parts + 1] = mime
              parts[#parts + 1] = tostring(content)
            end
            return parts
          end
        end
      end
      local texts = {}
      for i = 1, count do texts[i] = shown((select(i, ...))) end
      parts[2] = concat(texts, "\t")
      return parts
    end

    -- Output of the running cell: print, io.write and the write method of the standard streams.
    function session.capture(emit)
      function globals.print(...)
        local texts = {}
        for i = 1, select("#", ...) do texts[i] = tostring((select(i, ...))) end
        emit(1, concat(texts, "\t") .. "\n")
      end
      local function emit_all(stream, first, ...)
        for i = 1, select("#", ...) do
          local value = select(i, ...)
          local kind = type(value)
          if kind ~= "string" and kind ~= "number" then
            error("bad argument #" .. i + first .. " to 'write' (string expected, got "
              .. (kind == "nil" and "nil" or kind) .. ")", 3)
          end
          emit(stream, tostring(value))
        end
      end
      local write = io.write
      function io.write(...)
        if not rawequal(output(), stdout) then return write(...) end
        emit_all(1, 0, ...)
        return stdout
      end
      local methods = getmetatable(stdout).__index
      local method = methods.write
      function methods.write(file, ...)
        if rawequal(file, stdout) then emit_all(1, 0, ...) return file end
        if rawequal(file, stderr) then emit_all(2, 0, ...) return file end
        return method(file, ...)
      end
    end

    local function close_one(value)
      local held <close> = value
    end

    -- Closes <close> variables, the last first; gives the messages of those that failed.
    function session.close()
      local messages = {}
      for i = #closing, 1, -1 do
        local value = closing[i]
        closing[i] = nil
        local done, message = pcall(close_one, value)
        if not done then messages[#messages + 1] = tostring(message) end
      end
      return concat(messages, "\n")
    end

    return session
    """#
}
