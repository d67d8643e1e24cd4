local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

suite["are the same for the same index and seed, and differ otherwise"] = function()
  local seen, count = {}, 0
  for i = 1, 200 do
    local story = yy.stories.tell(i, { language = "zh" })
    test.equal(story, yy.stories.tell(i, { language = "zh" }))
    test.ok(utf8.len(story) and not story:find "\n")
    if not seen[story] then count = count + 1 end
    seen[story] = true
  end
  test.equal(count, 200)
  test.ok(yy.stories.tell(1) ~= yy.stories.tell(1, { seed = 2 }))
  test.ok(not yy.stories.tell(1):find "%%s" and not yy.stories.tell(1):find "[\128-\255]")
end

suite["have instructions with one right answer"] = function()
  local kinds = {}
  for i = 1, 200 do
    local row = yy.stories.instruction(i)
    test.ok(#row.instruction > 0 and #row.output > 0)
    kinds[row.instruction:sub(1, 9)] = true
  end
  local count = 0
  for _ in pairs(kinds) do count = count + 1 end
  test.ok(count >= 4)
end

return suite
