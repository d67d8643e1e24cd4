local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

suite["writes, appends, lists and removes"] = function(folder)
  local path = folder .. "/a/b.txt"
  yy.files.make_folder(folder .. "/a")
  yy.files.write(path, "one\n\0")
  test.equal(yy.files.read(path), "one\n\0")
  yy.files.append(folder .. "/log", "first")
  yy.files.append(folder .. "/log", "second")
  test.equal(yy.files.read(folder .. "/log"), "first\nsecond\n")
  test.equal(yy.files.list { folder .. "/**/*.txt" }, { path })
  test.ok(yy.files.available_bytes(folder) > 0)
  yy.files.remove(folder .. "/a")
  test.equal(yy.files.exists(path), false)
end

suite["runs other programs"] = function()
  local result = yy.process.run("sh", { "-c", "cat; echo wrong >&2; exit 3" }, { input = "text" })
  test.equal(result, { status = 3, output = "text", errors = "wrong\n" })
  test.equal(yy.process.find "no-such-program", nil)
  test.raises("no-such-program: not found in PATH", function() yy.process.run("no-such-program", {}) end)
end

suite["names the path in every error"] = function(folder)
  test.raises(folder .. "/none: no such file or folder", function() yy.files.read(folder .. "/none") end)
  test.raises(folder .. ": is a folder, a file is needed", function() yy.files.read(folder) end)
  test.raises(folder .. "/none/x: no such file or folder", function() yy.files.write(folder .. "/none/x", "") end)
  test.raises(folder .. "/*.txt: no file matches this pattern", function() yy.files.list { folder .. "/*.txt" } end)
  test.raises(folder .. "/none: no such file or folder", function() yy.files.remove(folder .. "/none") end)
  test.raises("bad argument #2 'content' to 'files.write' (string expected, got no value)",
    function() yy.files.write("x") end)
end

return suite
