---@meta yuyan
-- Written from the declarations by `RECORD=1 scripts/test`.

yy = {}
yy.data = require "yuyan.data"
yy.eval = require "yuyan.eval"
yy.files = require "yuyan.files"
yy.json = require "yuyan.json"
yy.machine = require "yuyan.machine"
yy.model = require "yuyan.model"
yy.optim = require "yuyan.optim"
yy.parameters = require "yuyan.parameters"
yy.plot = require "yuyan.plot"
yy.pretty = require "yuyan.pretty"
yy.process = require "yuyan.process"
yy.recipe = require "yuyan.recipe"
yy.report = require "yuyan.report"
yy.schedule = require "yuyan.schedule"
yy.stories = require "yuyan.stories"
yy.tensor = require "yuyan.tensor"
yy.test = require "yuyan.test"
yy.tokenizer = require "yuyan.tokenizer"
yy.train = require "yuyan.train"

---Prints what is known of a function, a method, an object, a module or a name.
---@param x? any
function help(x) end

return yy
