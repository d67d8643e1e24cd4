---@meta yuyan.process
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class ProcessOptions
---@field input? string what its standard input holds
---@field timeout? number seconds until it is ended

---Other programs.
local process = {}

---Runs a program to its end; Ctrl-C ends it too.
---```lua
---yy.process.run('echo', { 'hello' }).output  --> hello
---```
---@param program string a name on the PATH, or a path
---@param arguments string[] one string each
---@param options? ProcessOptions its input and how long it may take
---@return table result a table of status, output and errors
function process.run(program, arguments, options) end

---Finds a program on the PATH.
---```lua
---yy.process.find('gnuplot')
---```
---@param program string its name
---@return string? path nil when there is none
function process.find(program) end

return process
