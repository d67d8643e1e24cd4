local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

suite["tells what the machine is"] = function()
  local facts = yy.machine.facts()
  test.ok(facts.cores >= 1 and facts.threads >= 1)
  test.ok(facts.memory_bytes > facts.available_bytes and facts.available_bytes > 0)
  for _, name in ipairs { "program", "version", "system", "processor", "kernels", "matrices" } do
    test.ok(type(facts[name]) == "string" and #facts[name] > 0, name)
  end
  test.ok(yy.files.is_file(facts.program))
  -- bf16 instructions of this kind are a part of AVX-512.
  test.ok(facts.avx512 or not facts.bf16)
end

suite["measures the matrix product and reading"] = function()
  local product = yy.machine.matrix_product { m = 64, n = 128, k = 128, seconds = 0 }
  test.ok(product > 0.1 and product < 1e6, product)
  local bytes = yy.machine.read_bandwidth { bytes = 1 << 24, seconds = 0 }
  test.ok(bytes > 0.1 and bytes < 1e5, bytes)
  local half = yy.machine.matrix_product { m = 64, n = 128, k = 128, dtype = "bf16", seconds = 0 }
  test.ok(half == nil or half > 0.1, half)
end

suite["has a clock that never goes back"] = function()
  local before = yy.machine.seconds()
  yy.process.run("sleep", { "0.02" })
  local passed = yy.machine.seconds() - before
  test.ok(passed >= 0.02 and passed < 60, passed)
end

suite["says what cannot be measured"] = function()
  test.raises("bad argument #1 'options' to 'machine.matrix_product' (option 'm': 1 to 1048576 expected, got 0)",
    function() yy.machine.matrix_product { m = 0 } end)
  test.raises("bad argument #1 'options' to 'machine.matrix_product' (option 'seconds': 0 to 3600 expected, got -1.0)",
    function() yy.machine.matrix_product { seconds = -1 } end)
  test.raises("bad argument #1 'options' to 'machine.read_bandwidth' (option 'bytes': 512 to 70368744177664 expected, got 8)",
    function() yy.machine.read_bandwidth { bytes = 8 } end)
end

return suite
