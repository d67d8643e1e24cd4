---@meta yuyan.json
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class JSONTextOptions
---@field indent? integer spaces a level; without it everything stands on one line
---@field sorted? boolean whether keys are sorted (those of Lua tables always are) (default false)

---JSON text and Lua tables.
local json = {}

---Writes a value as JSON.
---```lua
---yy.json.encode({ steps = 3 })  --> {"steps": 3}
---```
---@param value nil|boolean|number|string|table what to write; a table with keys 1 to n is an array, an empty one an object
---@param options? JSONTextOptions how to lay it out
---@return string text JSON, non-ASCII characters as they are
function json.encode(value, options) end

---Reads JSON.
---```lua
---yy.json.decode('[1, 2]')[2]  --> 2
---```
---@param text string one JSON value
---@return nil|boolean|number|string|table value null becomes nil
function json.decode(text) end

return json
