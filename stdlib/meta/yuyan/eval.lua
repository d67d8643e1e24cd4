---@meta yuyan.eval
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class PerplexityOptions
---@field window? integer predicted tokens of a window over a long text (the model's context)
---@field stride? integer how far windows advance (half a window)
---@field tokens? integer stop after the document that reaches so many tokens
---@field bytes? integer stop after the document that reaches so many bytes: the same ones for any tokenizer

---@class AnswersOptions
---@field length? integer longer lessons are skipped, in tokens (the model's context)
---@field characters? integer longer lessons are skipped, in characters: the same for any tokenizer

---How well a model predicted a text.
---@class Evaluation
---@field nll number Mean negative log-likelihood, in nats a predicted token.
---@field perplexity number exp(nll); compares only under the same tokenizer.
---@field bits_per_byte number? Compares across tokenizers; nil for rows; of lessons over the answers' bytes, their ends included.
---@field bits_per_character number? Compares across tokenizers; nil for rows.
---@field tokens integer Predicted tokens.
---@field bytes integer? UTF-8 bytes of the text, of lessons of their answers; nil for rows.
---@field characters integer? Characters of the text, of lessons of their answers; nil for rows.
---@field documents integer Documents or lessons that were measured; of rows, the rows.
---@field skipped integer Lessons that were not: too long, or without an answer.
local Evaluation = {}

---How well a model predicts text and answers.
local eval = {}

---Measures how well a model predicts text: each token once, after BOS, without EOS.
---```lua
---yy.eval.perplexity(m, { 'zh/*.txt' }).bits_per_byte
---```
---@param model Model what is measured
---@param data string|Documents|Rows|table a text, a list of text files as for yy.data.text, documents or rows
---@param options? PerplexityOptions windows over long texts
---@return Evaluation result prints as a table
function eval.perplexity(model, data, options) end

---Measures how well a model predicts the answers of lessons and that they end.
---```lua
---yy.eval.answers(m, held_out, { length = 512 }).nll
---```
---@param model Model what is measured
---@param lessons Documents from yy.data.instructions
---@param options? AnswersOptions the longest lesson; others are skipped and counted
---@return Evaluation result tokens: of answers and their ends; bytes: of answers
function eval.answers(model, lessons, options) end

return eval
