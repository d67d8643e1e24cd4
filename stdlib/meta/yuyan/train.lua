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

---@class ResumeOptions
---@field lr? number|Schedule|function another learning rate from the resumed step on
---@field steps? integer another number of steps of the whole run
---@field clip? number|boolean another greatest norm; false does not clip
---@field optimizer? Optimizer other settings of the optimizer, which keeps its moments

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
---@field resume? boolean|ResumeOptions whether to continue from the latest checkpoint, if there is one; a table changes settings there
---@field recompute? boolean less memory for more time, same bits: blocks run again in the backward pass (default false)
---@field metrics? string a file of one JSON object a step (in the checkpoint folder)
---@field state? nil|boolean|number|string|table the table s.state of hooks at the start; checkpoints save it
---@field on_step? function function(s) called after every step with its record and s.state

---@class PlanOptions
---@field model Model|Shape what is trained, or a shape from yy.model.describe that need not exist
---@field data? Rows rows of tokens; at their end they start again
---@field steps? integer updates; without it one pass over the data
---@field batch_size? integer rows drawn at a time (default 8)
---@field accumulate? integer draws a step; batch_size x accumulate rows make one update (default 1)
---@field seed? integer decides dropout (default 0)
---@field optimizer? Optimizer from yy.optim
---@field clip? number|boolean greatest norm of all gradients together; false does not clip (default 1)
---@field lr? number|Schedule|function a number, a schedule from yy.schedule, or function(step, steps)
---@field evaluate? EvaluateOptions what is measured on the way
---@field checkpoint? CheckpointOptions where and how often the run is saved
---@field resume? boolean|ResumeOptions whether to continue from the latest checkpoint, if there is one; a table changes settings there
---@field recompute? boolean less memory for more time, same bits: blocks run again in the backward pass (default false)
---@field metrics? string a file of one JSON object a step (in the checkpoint folder)
---@field state? nil|boolean|number|string|table the table s.state of hooks at the start; checkpoints save it
---@field on_step? function function(s) called after every step with its record and s.state
---@field length? integer the most tokens of a row, where there are no data yet
---@field max_memory? integer|string what the process may take: bytes, or a text such as '4GB' (what is available)
---@field measure? boolean whether two steps are timed; model and data stay as they are (default false)

---@class VerifyResumeOptions
---@field at integer the step after which a run is cut and resumed
---@field steps? integer look no further than this step; schedules see the job's own number
---@field threads? integer[] run also with each of these numbers of threads (default {})

---A finished training run.
---@class TrainingRun
---@field history (nil|boolean|number|string|table)[] One record a step: step, loss, lr, gradient_norm, tokens and so on.
---@field steps integer Steps of the whole run.
---@field resumed_from integer? The step it continued from, or nil.
---@field changes (nil|boolean|number|string|table)[] What it changed when it was resumed: name, before and after.
---@field state nil|boolean|number|string|table The table s.state as the hooks left it.
---@field samples string[] Where the documents of the last step's rows come from.
local TrainingRun = {}

---What a run would take.
---@class TrainingPlan
---@field peak integer Bytes of memory when they are most.
---@field weights integer Bytes of weights at the peak.
---@field gradients integer Bytes of gradients at the peak.
---@field optimizer integer Bytes of the optimizer's moments.
---@field activations integer Bytes of activations at the peak.
---@field layers integer[] Bytes of activations by layer; the rest is the head's and the loss's.
---@field reserve integer Bytes of released buffers that are kept for reuse.
---@field program integer Bytes that the process holds beside the model.
---@field evaluation integer? Bytes of memory during an evaluation, or nil.
---@field moment string When memory is at its peak.
---@field max_memory integer? Bytes that the process may take.
---@field fits boolean Whether the peak is within them.
---@field advice (nil|boolean|number|string|table)[] Where it does not fit: a list of { change, saves, price, fits }.
---@field disk integer Bytes of the checkpoints that are kept and of the one being written.
---@field checkpoints integer How many checkpoints there are at most.
---@field steps integer? Updates of the whole run, or nil where nobody counted.
---@field tokens_per_second number? As measured, or nil.
---@field seconds_per_step number? As measured, or nil.
---@field hours number? For all steps as measured, without evaluations; or nil.
local TrainingPlan = {}

---Whether a job that was cut and resumed ended with the same bits.
---@class ResumeReport
---@field ok boolean Whether every run had the same bits.
---@field at integer The step after which a run was cut.
---@field steps integer The step the runs were compared at.
---@field step integer? The first step whose records differ, or nil.
---@field differences string[] What differs, a line each.
---@field weights string The start of the SHA-256 of the trained tensors of the run through.
---@field moments string The start of the SHA-256 of the optimizer's moments of the run through.
---@field threads integer[] The numbers of threads that were compared.
local ResumeReport = {}

---Training.
local train = {}

---Trains what a model has unfrozen; killed at any moment, it continues bit for bit.
---```lua
---yy.train.run({ model = m, data = packed, steps = 300, lr = 1e-4 })
---```
---@param options TrainOptions model, data, steps and everything else that decides a run
---@return TrainingRun run its history
function train.run(options) end

---Tells what a run would take, before anything is allocated: memory, disk, and with measure time.
---```lua
---print(yy.train.plan({ model = m, data = packed, steps = 300, lr = 1e-4, max_memory = '4GB' }))
---```
---@param options PlanOptions those of yy.train.run, whose model may be a description
---@return TrainingPlan plan prints as a table, with what to change where it does not fit
function train.plan(options) end

---Shows on a job that a run cut and resumed ends with the bits of one that ran through.
---```lua
---yy.train.verify_resume(job, { at = 37, steps = 50, threads = { 1, 2, 4 } })
---```
---@param job TrainOptions what yy.train.run takes; functions run too, and must depend on their arguments and s.state alone
---@param options VerifyResumeOptions where the run is cut
---@return ResumeReport report prints what is equal, or what differs first
function train.verify_resume(job, options) end

return train
