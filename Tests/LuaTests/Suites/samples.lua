-- Small texts, vocabularies and models for the suites.
local yy = require "yuyan"

local samples = {}

--- Writes stories, one a line, and gives the path.
function samples.text(folder, language, count)
  local lines = {}
  for i = 1, count do lines[i] = yy.stories.tell(i, { language = language }) end
  local path = folder .. "/" .. language .. ".txt"
  yy.files.write(path, table.concat(lines, "\n") .. "\n")
  return path
end

--- Writes instruction rows in the Alpaca format, and gives the path.
function samples.rows(folder, count)
  local rows = {}
  for i = 1, count do rows[i] = yy.stories.instruction(i) end
  local path = folder .. "/rows.json"
  yy.files.write(path, yy.json.encode(rows))
  return path
end

--- A vocabulary of about `size` pieces learnt from stories.
function samples.tokenizer(folder, language, size)
  return yy.tokenizer.train { files = { samples.text(folder, language, 60) }, vocab_size = size or (language == "zh" and 480 or 360), seed = 1 }
end

--- A model of some 50 thousand numbers.
function samples.model(tokenizer, more)
  local description = {
    architecture = "llama", hidden_size = 32, num_hidden_layers = 2, num_attention_heads = 4, num_key_value_heads = 2,
    intermediate_size = 64, max_position_embeddings = 64, tie_word_embeddings = true, tokenizer = tokenizer, seed = 1,
  }
  for name, value in pairs(more or {}) do description[name] = value end
  return yy.model.new(description)
end

--- A model over 16 ids without a tokenizer, and rows that repeat 1 to 8.
function samples.counting(more)
  local ids = {}
  for i = 1, 64 do ids[i] = 1 + i % 8 end
  local description = { vocab_size = 16 }
  for name, value in pairs(more or {}) do description[name] = value end
  return samples.model(nil, description), yy.data.ids(ids, { length = 16 })
end

return samples
