---@meta yuyan.machine
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class MatrixProductOptions
---@field m? integer rows of the input: tokens (default 512)
---@field n? integer rows of the weight: the width of the result (default 2048)
---@field k? integer columns of both: the width of the input (default 2048)
---@field dtype? 'f32'|'bf16' the type of both factors; sums are f32 (default "f32")
---@field seconds? number how long to repeat it (default 1)

---@class ReadBandwidthOptions
---@field bytes? integer the size of what is read: several times the caches (default 1073741824)
---@field seconds? number how long to repeat it (default 1)

---This machine: what it is, and what it can reach at most.
local machine = {}

---Tells of the processor, the memory, the program and its libraries.
---```lua
---yy.machine.facts().threads
---```
---@return nil|boolean|number|string|table facts system, processor, cores, threads, features, matrices and so on
function machine.facts() end

---Measures the matrix product of a linear on all threads: the limit of training.
---```lua
---yy.machine.matrix_product({ m = 512, n = 2048, k = 2048, dtype = 'f32' })
---```
---@param options? MatrixProductOptions shape, element type and time
---@return number? gflops 10^9 operations a second (median); nil where this machine has no product of that type
function machine.matrix_product(options) end

---Measures how fast all threads together read memory: the limit of decoding.
---```lua
---yy.machine.read_bandwidth({ bytes = 2 ^ 30 })
---```
---@param options? ReadBandwidthOptions size and time
---@return number gigabytes 10^9 bytes a second (median)
function machine.read_bandwidth(options) end

---Reads a clock that never goes back: the difference of two readings is a duration.
---```lua
---yy.machine.seconds()
---```
---@return number seconds since some moment before the program's start
function machine.seconds() end

return machine
