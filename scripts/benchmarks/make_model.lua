-- Writes a model with random weights, for the benchmarks that load one in another element type than f32.
--
--   yuyan scripts/benchmarks/make_model.lua shape=110m out=FOLDER
--
-- It is a script of its own so that its memory does not count as that of what is measured.
local yy = require "yuyan"
package.path = (arg[0]:match "^(.*/)" or "./") .. "?.lua;" .. package.path
local common = require "common"

local p = yy.parameters.parse(arg, { shape = "110m", out = "" }, { required = { "out" } })
local description = common.shape(p.shape)
description.max_position_embeddings = 4096
local model = yy.model.new(description)
model:save(p.out, { dtype = "bf16" })
print(yy.json.encode { shape = p.shape, out = p.out, parameters = model.parameters })
