---@meta yuyan.schedule
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class ScheduleOptions
---@field peak number the highest learning rate
---@field warmup? number length of the ramp: a share of the steps below 1, or a number of steps (default 0)
---@field floor? number the learning rate at the end (default 0)

---@class ConstantScheduleOptions
---@field peak number the learning rate
---@field warmup? number length of the ramp: a share of the steps below 1, or a number of steps (default 0)

---A learning rate as a function of the step.
---@class Schedule
---@overload fun(step: integer, steps: integer): number
local Schedule = {}

---Learning rates as functions of the step.
local schedule = {}

---Falls from the peak to the floor along half a cosine wave.
---```lua
---yy.schedule.cosine({ peak = 2e-4, warmup = 0.05 })
---```
---@param options ScheduleOptions peak, warmup, floor
---@return Schedule schedule for lr
function schedule.cosine(options) end

---Falls from the peak to the floor along a straight line.
---```lua
---yy.schedule.linear({ peak = 2e-4, warmup = 100 })
---```
---@param options ScheduleOptions peak, warmup, floor
---@return Schedule schedule for lr
function schedule.linear(options) end

---Stays at the peak after the warmup.
---```lua
---yy.schedule.constant({ peak = 1e-4 })
---```
---@param options ConstantScheduleOptions peak, warmup
---@return Schedule schedule for lr
function schedule.constant(options) end

return schedule
