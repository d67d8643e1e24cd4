---@meta yuyan.train
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class EvaluateOptions
---@field data string|Documents|Rows|table|table<string, string|Documents|Rows|table> documents, rows, or several of them by name
---@field every? integer in steps; the last step is always measured (default 100)
---@field window? integer predicted tokens of a window over a long text (the model's context)
---@field stride? integer how far windows advance (half a window)
---@field tokens? integer stop after the document that reaches so many tokens
---@field bytes? integer stop after the document that reaches so many bytes: the same ones for any tokenizer

---@class CheckpointOptions
---@field dir string the folder
---@field every? integer in steps; the last step is always saved (default 100)
---@field keep? integer how many of the latest are kept, and the best one beside them (default 3)

---@class TrainOptions
---@field model Model what is trained: everything it has unfrozen
---@field data Rows rows of tokens; at their end they start again
---@field steps? integer updates; without it one pass over the data
---@field batch_size? integer rows drawn at a time (default 8)
---@field accumulate? integer draws a step; batch_size x accumulate rows make one update (default 1)
---@field seed? integer decides dropout (default 0)
---@field optimizer? Optimizer from yy.optim
---@field clip? number|boolean greatest norm of all gradients together; false does not clip (default 1)
---@field lr number|Schedule|function a number, a schedule from yy.schedule, or function(step, steps)
---@field evaluate? EvaluateOptions what is measured on the way
---@field checkpoint? CheckpointOptions where and how often the run is saved
---@field resume? boolean whether to continue from the latest checkpoint, if there is one (default false)
---@field metrics? string a file of one JSON object a step (in the checkpoint folder)
---@field state? nil|boolean|number|string|table the table s.state of hooks at the start; checkpoints save it
---@field on_step? function function(s) called after every step with its record and s.state

---A finished training run.
---@class TrainingRun
---@field history (nil|boolean|number|string|table)[] One record a step: step, loss, lr, gradient_norm, tokens and so on.
---@field steps integer Steps of the whole run.
---@field resumed_from integer? The step it continued from, or nil.
---@field state nil|boolean|number|string|table The table s.state as the hooks left it.
---@field samples string[] Where the documents of the last step's rows come from.
local TrainingRun = {}

---Training.
local train = {}

---Trains what a model has unfrozen; killed at any moment, it continues bit for bit.
---```lua
---yy.train.run({ model = m, data = packed, steps = 300, lr = 1e-4 })
---```
---@param options TrainOptions model, data, steps and everything else that decides a run
---@return TrainingRun run its history
function train.run(options) end

return train
