-- Writes what was measured into a Markdown page, between two comments that name it.
local yy = require "yuyan"
local page = {}

--- Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->` in the file.
function page.replace(path, name, text)
  local old = yy.files.read(path)
  local opening, closing = ("<!-- %s -->\n"):format(name), ("<!-- end of %s -->"):format(name)
  local _, first = old:find(opening, 1, true)
  local last = first and old:find(closing, first + 1, true)
  if not last then error(("%s: the lines '%s' and '%s' are missing"):format(path, opening:sub(1, -2), closing), 0) end
  yy.files.write(path, old:sub(1, first) .. text .. "\n" .. old:sub(last))
end

return page
