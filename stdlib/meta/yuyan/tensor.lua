---@meta yuyan.tensor
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class TensorOptions
---@field requires_grad? boolean whether backward computes a gradient for it (default false)

---@class NormalOptions
---@field seed? integer the same seed gives the same numbers (default 0)
---@field standard_deviation? number spread around 0 (default 1)
---@field requires_grad? boolean whether backward computes a gradient for it (default false)

---@class AttentionOptions
---@field heads integer heads of queries
---@field kv_heads? integer heads of keys and values, each for heads / kv_heads heads of queries (heads)
---@field documents? integer[] lengths that sum to T (one document)

---@class CheckGradientOptions
---@field epsilon? number step of the finite differences (default 0.01)
---@field tolerance? number largest relative error that counts as agreement (default 0.01)

---An array of 32-bit floats that can record how it was computed.
---@class Tensor
---@field shape integer[] The length of each axis.
---@field requires_grad boolean Whether backward computes a gradient for it.
---@field grad Tensor? The gradient that backward summed here, or nil.
---@operator len: integer
---@operator add: Tensor
---@operator sub: Tensor
---@operator mul: Tensor
---@operator div: Tensor
---@operator pow: Tensor
---@operator unm: Tensor
local Tensor = {}

---Gives the only element.
---```lua
---yy.tensor({ 2 }):sum():item()  --> 2.0
---```
---@return number value a number
function Tensor:item() end

---Copies the elements into nested tables.
---```lua
---yy.tensor({ { 1, 2 } }):to_table()[1][2]  --> 2.0
---```
---@return number|table values one table an axis
function Tensor:to_table() end

---Adds gradients to every tensor that requires one and was part of the computation.
---```lua
---(x * x):sum():backward()
---```
---@param gradient? Tensor the gradient of the result; may be left out for a single number
function Tensor:backward(gradient) end

---Forgets the gradient.
---```lua
---x:zero_grad()
---```
function Tensor:zero_grad() end

---Gives the same values without their history.
---```lua
---x:detach()
---```
---@return Tensor y shares memory
function Tensor:detach() end

---Copies the values.
---```lua
---x:copy()
---```
---@return Tensor y own memory, no history
function Tensor:copy() end

---e to the power of each element.
---```lua
---x:exp()
---```
---@return Tensor y same shape
function Tensor:exp() end

---The natural logarithm of each element.
---```lua
---x:log()
---```
---@return Tensor y same shape
function Tensor:log() end

---The square root of each element.
---```lua
---x:sqrt()
---```
---@return Tensor y same shape
function Tensor:sqrt() end

---The hyperbolic tangent of each element.
---```lua
---x:tanh()
---```
---@return Tensor y same shape
function Tensor:tanh() end

---1 / (1 + exp(-x)) of each element.
---```lua
---x:sigmoid()
---```
---@return Tensor y same shape
function Tensor:sigmoid() end

---x * sigmoid(x) of each element.
---```lua
---x:silu()
---```
---@return Tensor y same shape
function Tensor:silu() end

---The larger of each element and 0.
---```lua
---x:relu()
---```
---@return Tensor y same shape
function Tensor:relu() end

---Exponentials of each row, scaled to sum to 1.
---```lua
---x:softmax()
---```
---@return Tensor y same shape
function Tensor:softmax() end

---The logarithm of softmax, computed without overflow.
---```lua
---x:log_softmax()
---```
---@return Tensor y same shape
function Tensor:log_softmax() end

---Each element to a power.
---```lua
---x:pow(2)
---```
---@param exponent number the power
---@return Tensor y same shape
function Tensor:pow(exponent) end

---Adds all elements, or those along an axis.
---```lua
---x:sum(1)
---```
---@param axis? integer from 1, or from -1 backwards
---@return Tensor y a single number, or one axis less
function Tensor:sum(axis) end

---The mean of all elements, or of those along an axis.
---```lua
---x:mean(-1)
---```
---@param axis? integer from 1, or from -1 backwards
---@return Tensor y a single number, or one axis less
function Tensor:mean(axis) end

---The largest of all elements, or of those along an axis.
---```lua
---x:max(1)
---```
---@param axis? integer from 1, or from -1 backwards
---@return Tensor y a single number, or one axis less
function Tensor:max(axis) end

---The same elements under another shape.
---```lua
---x:reshape({ 2, -1 })
---```
---@param shape integer[] lengths; one may be -1
---@return Tensor y shares memory
function Tensor:reshape(shape) end

---Exchanges the last two axes.
---```lua
---x:transpose()
---```
---@return Tensor y (..., columns, rows)
function Tensor:transpose() end

---The rows from first to last, counted from 1 or from -1 backwards.
---```lua
---x:rows(2, 3)
---```
---@param first integer first row
---@param last? integer last row (default -1)
---@return Tensor y shares memory
function Tensor:rows(first, last) end

---The rows of the given token ids.
---```lua
---x:gather({ 0, 2 })
---```
---@param ids integer[] rows counted from 0, as token ids are
---@return Tensor y (ids, columns)
function Tensor:gather(ids) end

---The matrix product.
---```lua
---x:matmul(x)
---```
---@param other Tensor (k, n)
---@return Tensor y (m, n)
function Tensor:matmul(other) end

---The mean negative log-likelihood of target ids under rows of logits, in nats.
---```lua
---logits:cross_entropy({ 3, 1 })
---```
---@param targets integer[] one id a row, from 0; -1 leaves the row out
---@return Tensor loss a single number
function Tensor:cross_entropy(targets) end

---Scales each row to unit root-mean-square, then by weight.
---```lua
---x:rms_norm(yy.tensor.ones({ 2 }))
---```
---@param weight Tensor (columns)
---@param eps? number added to the mean square (default 1e-06)
---@return Tensor y same shape
function Tensor:rms_norm(weight, eps) end

---Lets go of the memory at once.
---```lua
---x:free()
---```
function Tensor:free() end

---Arrays of 32-bit floats with gradients.
---@overload fun(values: number|table, options?: TensorOptions): Tensor
local tensor = {}

---Makes a tensor of zeros.
---```lua
---yy.tensor.zeros({ 2, 3 })
---```
---@param shape integer[] the length of each axis
---@param options? TensorOptions what it is for
---@return Tensor x the tensor
function tensor.zeros(shape, options) end

---Makes a tensor of ones.
---```lua
---yy.tensor.ones({ 2, 3 })
---```
---@param shape integer[] the length of each axis
---@param options? TensorOptions what it is for
---@return Tensor x the tensor
function tensor.ones(shape, options) end

---Draws normally distributed numbers around 0.
---```lua
---yy.tensor.normal({ 2, 3 }, { seed = 1 })
---```
---@param shape integer[] the length of each axis
---@param options? NormalOptions seed and spread
---@return Tensor x the tensor
function tensor.normal(shape, options) end

---Puts tensors one after the other along an axis.
---```lua
---yy.tensor.concatenate({ a, b }, 1)
---```
---@param tensors Tensor[] equal in their other axes
---@param axis? integer from 1, or from -1 backwards (default 1)
---@return Tensor y the whole
function tensor.concatenate(tensors, axis) end

---Causal attention inside each document of a row of tokens; memory grows with its length.
---```lua
---yy.tensor.attention(q, k, v, { heads = 12 })
---```
---@param q Tensor queries (T, heads * width)
---@param k Tensor keys (T, kv_heads * width)
---@param v Tensor values (T, kv_heads * width)
---@param options AttentionOptions heads and documents
---@return Tensor out (T, heads * width)
function tensor.attention(q, k, v, options) end

---Compares the gradient of a function with finite differences.
---```lua
---yy.tensor.check_gradient(function(x) return (x * x):sum() end, { yy.tensor({ 1, 2 }) })  --> true
---```
---@param f function takes the inputs, gives a tensor
---@param inputs Tensor[] small tensors
---@param options? CheckGradientOptions step and tolerance
---@return boolean agrees whether all gradients agree
---@return string report where the largest difference is
function tensor.check_gradient(f, inputs, options) end

return tensor
