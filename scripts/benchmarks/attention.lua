-- How the time of attention grows with the length: forward and backward pass of one document, a token.
--
--   yuyan scripts/benchmarks/attention.lua short=512 long=4096
--
-- Prints one JSON line: microseconds a token at both lengths (medians), their ratio, and the ratio of the operations,
-- (long + 1) / (short + 1). The two lengths take turns, `times` each; the shape is that of the 110m model.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local common = require "common"

local p = yy.parameters.parse(arg, { heads = 12, kv_heads = 12, width = 64, short = 512, long = 4096, times = 5 })

--- Seconds a token of one document; short documents are repeated until they hold as many tokens as a long one.
local function measure(length)
  local function random(heads, seed)
    return yy.tensor.normal({ length, heads * p.width }, { seed = seed, requires_grad = true })
  end
  local q, k, v = random(p.heads, 1), random(p.kv_heads, 2), random(p.kv_heads, 3)
  local gradient = yy.tensor.ones { length, p.heads * p.width }
  local repeats = p.long // length
  local start = yy.machine.seconds()
  for _ = 1, repeats do
    local out <close> = yy.tensor.attention(q, k, v, { heads = p.heads, kv_heads = p.kv_heads })
    out:backward(gradient)
  end
  return (yy.machine.seconds() - start) / (repeats * length)
end

measure(p.short)
local short, long = {}, {}
for i = 1, p.times do short[i], long[i] = measure(p.short), measure(p.long) end
local short_s, long_s = common.median(short), common.median(long)
print(yy.json.encode {
  heads = p.heads, width = p.width, short = p.short, long = p.long,
  short_us = common.rounded(short_s * 1e6, 2), long_us = common.rounded(long_s * 1e6, 2),
  growth = common.rounded(long_s / short_s, 2), arithmetic_growth = common.rounded((p.long + 1) / (p.short + 1), 2),
  peak_rss_mb = common.peak_mb(),
})
