local yy = require "yuyan"
local test = require "yuyan.test"
local suite = {}

suite["computes gradients"] = function()
  local x = yy.tensor({ { 1, 2 }, { 3, 4 } }, { requires_grad = true })
  local y = (x:matmul(x) * 2):sum()
  y:backward()
  test.equal(y:item(), 108.0)
  test.equal(x.grad:to_table(), { { 14, 22 }, { 18, 26 } })
  x:zero_grad()
  test.equal(x.grad, nil)
end

suite["has operators with tensors and numbers on either side"] = function()
  local a, b = yy.tensor { 1, 2, 3 }, yy.tensor { 4, 5, 6 }
  test.equal((a + b):to_table(), { 5, 7, 9 })
  test.equal((10 - a):to_table(), { 9, 8, 7 })
  test.equal((a * b / 2):to_table(), { 2, 5, 9 })
  test.equal((12 / a):to_table(), { 12, 6, 4 })
  test.equal((-a ^ 2):to_table(), { -1, -4, -9 })
  test.equal({ #a, a.shape[1] }, { 3, 3 })
end

suite["reduces, reshapes, cuts and joins with axes from 1 or from the end"] = function()
  local x = yy.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
  test.equal(x:sum(1):to_table(), { 5, 7, 9 })
  test.equal(x:sum(-1):to_table(), { 6, 15 })
  test.equal(x:mean():item(), 3.5)
  test.equal(x:max(2):to_table(), { 3, 6 })
  test.equal(x:reshape({ 3, -1 }):to_table(), { { 1, 2 }, { 3, 4 }, { 5, 6 } })
  test.equal(x:transpose():to_table(), { { 1, 4 }, { 2, 5 }, { 3, 6 } })
  test.equal(x:rows(2):to_table(), { { 4, 5, 6 } })
  test.equal(x:rows(-1):to_table(), { { 4, 5, 6 } })
  test.equal(x:gather({ 1, 0, 1 }):to_table(), { { 4, 5, 6 }, { 1, 2, 3 }, { 4, 5, 6 } })
  test.equal(yy.tensor.concatenate({ x, x }, -1).shape, { 2, 6 })
  test.equal(yy.tensor.concatenate({ x, x }).shape, { 4, 3 })
end

suite["checks a loss of one's own against finite differences"] = function()
  local function loss(x, w)
    local logits = x:rms_norm(yy.tensor.ones { 4 }):matmul(w):silu()
    return logits:cross_entropy { 2, 0, 1 } + (w * w):mean() * 0.1
  end
  local x = yy.tensor.normal({ 3, 4 }, { seed = 1, requires_grad = true })
  local w = yy.tensor.normal({ 4, 3 }, { seed = 2, requires_grad = true })
  local agrees, report = yy.tensor.check_gradient(loss, { x, w })
  test.ok(agrees, report)
  test.near(yy.tensor({ { 0, 0 }, { 0, 0 } }):cross_entropy({ 0, -1 }):item(), math.log(2))
end

suite["is freed at the end of a block that closes it"] = function()
  local x
  do
    local y <close> = yy.tensor.zeros { 1000 }
    x = y
  end
  test.raises("bad self in 'Tensor:sum' (Tensor expected, got a Tensor that has been freed)", function() x:sum() end)
end

suite["draws the same numbers for the same seed"] = function()
  test.equal(yy.tensor.normal({ 5 }, { seed = 3 }):to_table(), yy.tensor.normal({ 5 }, { seed = 3 }):to_table())
  local x = yy.tensor.normal({ 10000 }, { seed = 3, standard_deviation = 2 })
  test.near(x:mean():item(), 0, 0.1)
  test.near((x * x):mean():item(), 4, 0.2)
end

suite["prints its shape and values"] = function()
  test.equal(tostring(yy.tensor { { 1, 2 }, { 3, 4 } }), "tensor (2, 2) f32 [[1, 2], [3, 4]]")
end

suite["tells which argument has which shape"] = function()
  local x = yy.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
  test.raises("bad argument #1 'other' to 'Tensor:matmul' (shape [3, n] expected, got [2, 3])",
    function() x:matmul(x) end)
  test.raises("add: other: a shape that broadcasts with [2, 3] expected, got [2]",
    function() return x + yy.tensor { 1, 2 } end)
  test.raises("bad argument #2 'right' to 'Tensor:__add' (Tensor or number expected, got table)",
    function() return x + {} end)
  test.raises("bad argument #1 'weight' to 'Tensor:rms_norm' (shape [3] expected, got [2])",
    function() x:rms_norm(yy.tensor { 1, 2 }) end)
  test.raises("bad argument #1 'axis' to 'Tensor:sum' (1 to 2 or -2 to -1 expected, got 3)", function() x:sum(3) end)
  test.raises("bad argument #1 'axis' to 'Tensor:sum' (1 to 2 or -2 to -1 expected, got 0)", function() x:sum(0) end)
  test.raises("bad argument #1 'first' to 'Tensor:rows' (rows within 1 to 2 expected, got 2 to 7)",
    function() x:rows(2, 7) end)
  test.raises("bad argument #1 'shape' to 'Tensor:reshape' (a shape of 6 elements expected, got [4, 4])",
    function() x:reshape { 4, 4 } end)
  test.raises("bad argument #1 'ids' to 'Tensor:gather' (row numbers from 0 to 1 expected, got 2)",
    function() x:gather { 2 } end)
  test.raises("bad argument #1 'targets' to 'Tensor:cross_entropy' (2 targets expected, one per row, got 1)",
    function() x:cross_entropy { 1 } end)
  test.raises("bad self in 'Tensor:item' (a single number expected, got shape [2, 3])", function() x:item() end)
  test.raises("bad self in 'Tensor:backward' (nothing it was computed from requires a gradient)",
    function() x:backward() end)
  test.raises("bad argument #1 'values' to 'tensor' (tables of equal lengths expected, got 1 where 2 elements stood before (level 2))",
    function() yy.tensor { { 1, 2 }, { 3 } } end)
  test.raises("bad argument #1 'values' to 'tensor' (number or table expected, got string)",
    function() yy.tensor { "a" } end)
  test.raises("bad argument #2 'options' to 'tensor' (unknown option 'require_grad'; did you mean 'requires_grad'?)",
    function() yy.tensor({ 1 }, { require_grad = true }) end)
  test.raises("bad argument #1 'shape' to 'tensor.zeros' (lengths of at least 0 with a countable product expected, got [-1])",
    function() yy.tensor.zeros { -1 } end)
  test.raises("bad argument #2 'axis' to 'tensor.concatenate' (1 to 2 or -2 to -1 expected, got 3)",
    function() yy.tensor.concatenate({ x, x }, 3) end)
  test.raises("bad argument #1 'tensors' to 'tensor.concatenate' (at least one tensor expected)",
    function() yy.tensor.concatenate {} end)
  test.raises("bad argument #1 'f' to 'tensor.check_gradient' (a function that returns a tensor expected; it returned number)",
    function() yy.tensor.check_gradient(function() return 1 end, { x }) end)
end

-- One head of width 1: softmax of q * k over what comes before, times v.
suite["attends to what comes before in the same document"] = function()
  local q, k, v = yy.tensor { { 1 }, { 1 }, { 2 } }, yy.tensor { { 0 }, { math.log(3) }, { 5 } }, yy.tensor { { 4 }, { 8 }, { 1 } }
  local out = yy.tensor.attention(q, k, v, { heads = 1, documents = { 2, 1 } }):to_table()
  test.near(out[1][1], 4)
  test.near(out[2][1], (1 * 4 + 3 * 8) / 4)
  test.near(out[3][1], 1)
  test.near(yy.tensor.attention(q, k, v, { heads = 1 }):to_table()[2][1], 7)
  local agrees, report = yy.tensor.check_gradient(function(a, b, c)
    return (yy.tensor.attention(a, b, c, { heads = 2, kv_heads = 1, documents = { 3, 2 } }) ^ 2):sum()
  end, { yy.tensor.normal({ 5, 4 }, { seed = 1 }), yy.tensor.normal({ 5, 2 }, { seed = 2 }), yy.tensor.normal({ 5, 2 }, { seed = 3 }) })
  test.ok(agrees, report)
end

suite["says what is wrong with an attention"] = function()
  local q, k = yy.tensor.zeros { 3, 4 }, yy.tensor.zeros { 3, 2 }
  local function attend(options) return function() yy.tensor.attention(q, k, k, options) end end
  test.raises("bad argument #1 'q' to 'tensor.attention' (shape (T, a multiple of the 3 heads) expected, got [3, 4])",
    attend { heads = 3 })
  test.raises("bad argument #4 'options' to 'tensor.attention' (option 'kv_heads': a divisor of the 2 heads expected, got 3)",
    attend { heads = 2, kv_heads = 3 })
  test.raises("bad argument #4 'options' to 'tensor.attention' (option 'documents': positive lengths that sum to 3 expected, got [2])",
    attend { heads = 2, kv_heads = 1, documents = { 2 } })
end

return suite
