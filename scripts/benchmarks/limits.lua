-- What this machine reaches at most at the moment: the matrix product of a linear, and reading memory.
--
--   yuyan scripts/benchmarks/limits.lua seconds=1
--
-- Prints one JSON line: 10^9 operations a second in f32 and bf16 (none where there is no such product), and 10^9 bytes
-- a second of reading, medians on all threads.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local common = require "common"

local p = yy.parameters.parse(arg, { m = 512, n = 2048, k = 2048, bytes = 1 << 30, seconds = 1.0 })
local function product(dtype)
  local gflops = yy.machine.matrix_product { m = p.m, n = p.n, k = p.k, dtype = dtype, seconds = p.seconds }
  return gflops and common.rounded(gflops, 1)
end
local f32, bf16 = product "f32", product "bf16"
print(yy.json.encode {
  f32 = f32, bf16 = bf16, m = p.m, n = p.n, k = p.k, bytes = p.bytes,
  read = common.rounded(yy.machine.read_bandwidth { bytes = p.bytes, seconds = p.seconds }, 2),
})
