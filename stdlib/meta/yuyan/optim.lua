---@meta yuyan.optim
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class AdamWOptions
---@field betas? number[] decay of the first and the second moment (default { 0.9, 0.999 })
---@field eps? number added to the root of the second moment (default 1e-08)
---@field weight_decay? number share of a weight that a step at learning rate 1 takes away (default 0.01)

---The settings of an optimizer.
---@class Optimizer
local Optimizer = {}

---Optimizers.
local optim = {}

---AdamW with decoupled weight decay; norms and biases never decay.
---```lua
---yy.optim.adamw({ weight_decay = 0.01 })
---```
---@param options? AdamWOptions PyTorch's names and defaults
---@return Optimizer optimizer for yy.train.run
function optim.adamw(options) end

return optim
