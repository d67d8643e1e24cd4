local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

suite["is the same everywhere"] = function()
  test.ok(rawequal(yy, _G.yy))
  test.equal(tostring(yy), "yuyan")
  test.ok(rawequal(yy.tokenizer, require "yuyan.tokenizer"))
end

suite["names the nearest part or function"] = function()
  test.raises("yy has no member 'tokeniser'; did you mean 'tokenizer'?", function() return yy.tokeniser end)
  test.raises("yy has no member 'xyz'", function() return yy.xyz end)
  test.raises("module 'data' has no member 'txet'; did you mean 'text'?", function() return yy.data.txet end)
  test.raises("module 'tokenizer' has no member 'loda'; did you mean 'load'?", function() yy.tokenizer.loda "x" end)
end

return suite
