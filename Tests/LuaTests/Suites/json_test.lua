local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

suite["writes and reads values"] = function()
  local value = { steps = 3, rate = 0.1, name = "雨燕", list = { 1, 2.5, true }, empty = {} }
  local text = yy.json.encode(value)
  test.equal(text, '{"empty": {}, "list": [1, 2.5, true], "name": "雨燕", "rate": 0.1, "steps": 3}')
  test.equal(yy.json.decode(text), value)
  test.equal(math.type(yy.json.decode "3"), "integer")
  test.equal(math.type(yy.json.decode "3.0"), "float")
  test.equal(yy.json.decode '{"a": null}', {})
  test.equal(yy.json.encode({ a = { 1 } }, { indent = 2 }), '{\n  "a": [\n    1\n  ]\n}')
end

suite["tells what is no JSON"] = function()
  test.raises("line 1, column 9: a key in double quotes expected, got '}'", function() yy.json.decode '{"a": 1,}' end)
  test.raises("line 1, column 7: a value is missing: the text ends here", function() yy.json.decode '{"a": ' end)
  test.raises("line 1, column 1: a value is missing: the text ends here", function() yy.json.decode "" end)
  test.raises("bad argument #1 'value' to 'json.encode' (either an array or an object expected, got a table with both kinds of keys)",
    function() yy.json.encode { 1, a = 2 } end)
  test.raises("bad argument #1 'value' to 'json.encode' (field 'f': nil, boolean, number, string or table expected, got function)",
    function() yy.json.encode { f = print } end)
  test.raises("bad argument #1 'value' to 'json.encode' (field 'x': finite number expected, got nan)",
    function() yy.json.encode { x = 0 / 0 } end)
  local cycle = {}
  cycle.again = cycle
  local done, message = pcall(yy.json.encode, cycle)
  test.ok(not done and message:find("a table nested less than 200 deep expected (a cycle?)", 1, true))
end

return suite
