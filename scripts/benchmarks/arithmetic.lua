-- What a token costs, from the shape of the model alone: floating-point operations (a multiplication and an addition
-- are two), and weights that are read. Nothing that a program may do on top (masked halves of attention, probabilities
-- made again, gradients nobody asked for) is counted, so that a share of the machine's limit is a share of useful work.
local arithmetic = {}

--- Numbers in the linears of all layers.
local function layers(s)
  local width = s.hidden_size // s.num_attention_heads
  local kv = s.num_key_value_heads * width
  local one = 2 * s.hidden_size * s.hidden_size + 2 * s.hidden_size * kv + 3 * s.hidden_size * s.intermediate_size
  return s.num_hidden_layers * one
end

--- Numbers in a LoRA adapter of rank 1 on the seven linears of all layers.
local function adapter(s)
  local width = s.hidden_size // s.num_attention_heads
  local kv = s.num_key_value_heads * width
  local attention = 2 * 2 * s.hidden_size + 2 * (s.hidden_size + kv)
  return s.num_hidden_layers * (attention + 3 * (s.hidden_size + s.intermediate_size))
end

--- The weights that one token of decoding goes through: all but the embedding, of which it reads one row.
function arithmetic.weights(s) return layers(s) + s.vocab_size * s.hidden_size end

--- Operations of causal attention a token, forward, in documents of `length`: q k' and p v over (length + 1) / 2 keys.
function arithmetic.attention(s, length) return s.num_hidden_layers * 2 * s.hidden_size * (length + 1) end

--- Operations a token of training: forward, the gradient to the inputs (as much again), and the gradients of what is
--- trained; attention costs twice its forward pass in the backward pass.
---@param job { mode: string, rank: integer, seq: integer } mode lora or full
function arithmetic.training(s, job)
  local operations = 2 * 2 * arithmetic.weights(s) + 3 * arithmetic.attention(s, job.seq)
  if job.mode == "full" then return operations + 2 * arithmetic.weights(s) end
  return operations + 3 * 2 * job.rank * adapter(s)
end

--- Operations a token of reading a prompt, of which only the last token needs logits.
function arithmetic.prefill(s, length)
  return 2 * layers(s) + 2 * s.vocab_size * s.hidden_size / length + arithmetic.attention(s, length)
end

return arithmetic
