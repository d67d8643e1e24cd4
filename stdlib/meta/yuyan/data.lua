---@meta yuyan.data
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class TextSource
---@field [integer] string text or JSON files; * and ** work
---@field field? string the key of the text in JSON rows; a.b is b inside of a
---@field whole? boolean whether each file is one document; without it each line is (default false)
---@field name? string what tables and messages call the stream

---@class InstructionSource
---@field [integer] string JSON arrays or JSON lines; * and ** work
---@field format? string how rows hold instructions: alpaca (default "alpaca")
---@field template? string how rows become text: alpaca or ymcui-alpaca (default "alpaca")
---@field name? string what tables and messages call the stream

---@class SplitOptions
---@field held_out? number expected share of documents in the second part (default 0.01)
---@field seed? integer another seed holds out other documents (default 0)

---@class MixSource
---@field [1] Documents a stream
---@field weight? number|function share of the tokens, or a function of the progress from 0 to 1 (default 1)
---@field once? boolean whether it does not start again at its end (default false)

---@class MixOptions
---@field [integer] MixSource tables of a stream and its weight
---@field seed? integer shuffles the documents of each source, anew in every pass

---@class PackOptions
---@field tokenizer Tokenizer cuts the documents into tokens
---@field length? integer the most tokens in a row (default 512)
---@field tokens? number stop after so many; sources start again until then
---@field bos? boolean a begin token before each text (if the tokenizer has one)
---@field eos? boolean an end token after each text (if the tokenizer has one)
---@field on_long? 'split'|'error'|'truncate'|'skip' what to do with a document longer than a row (texts: split, lessons: error)
---@field on_empty? 'error'|'skip' what to do with a document that trains nothing (default "error")
---@field seed? integer shuffles the documents, anew in every pass

---@class IdsOptions
---@field length? integer tokens in a row; the last may be shorter (default 512)

---A lazy stream of documents; it is read from its beginning as often as needed.
---@class Documents
---@field name string What tables and messages call it.
local Documents = {}

---Walks over the texts of the documents.
---```lua
---for text in stream:texts() do print(text) end
---```
---@return fun(): string? next for `for`
function Documents:texts() end

---Token ids as rows of isolated documents, made as they are asked for.
---@class Rows
---@field length integer The most tokens in a row.
local Rows = {}

---Counts, for every source, what one pass reads and what becomes of it.
---```lua
---print(packed:ledger())
---```
---@return Ledger ledger prints as a table
function Rows:ledger() end

---Shows rows as text: what is trained, what is context, what stays empty.
---```lua
---print(lessons:show(3))
---```
---@param count? integer how many rows (default 1)
---@return ShownRows text colours in a terminal
function Rows:show(count) end

---Walks over the rows.
---```lua
---for row in packed:rows() do print(#row.ids) end
---```
---@return fun(): table? next for `for`
function Rows:rows() end

---What one pass over packed data reads and what becomes of it.
---@class Ledger
---@field documents integer Documents read.
---@field read integer Tokens read.
---@field trained integer Tokens that are predicted.
---@field context integer Tokens that are only seen.
---@field padding integer Places of rows that stay empty.
---@field truncated integer Tokens cut off.
---@field dropped integer Tokens of documents left out.
---@field rows integer Rows made.
---@field utilisation number Share of the places of rows that hold a token.
---@field sources table[] One table a source: name, weight, tokens, epochs, trained and so on.
local Ledger = {}

---Rows of a packed stream as text.
---@class ShownRows
local ShownRows = {}

---Streams of documents, and rows of tokens made of them; nothing is loaded whole.
local data = {}

---Reads documents from text files, or from a field of JSON rows.
---```lua
---yy.data.text({ 'zh/wiki/*.jsonl', field = 'text' })
---```
---@param source TextSource files and how they hold documents
---@return Documents documents a lazy stream
function data.text(source) end

---Reads instruction rows; their answers are what training predicts.
---```lua
---yy.data.instructions({ 'alpaca_zh.json', format = 'alpaca', template = 'alpaca' })
---```
---@param source InstructionSource files and their format
---@return Documents lessons a lazy stream
function data.instructions(source) end

---Divides documents into a part to train on and a part to measure with.
---```lua
---yy.data.split(wiki, { held_out = 0.01, seed = 1 })
---```
---@param documents Documents any stream
---@param options? SplitOptions how much is held out
---@return Documents training the larger part
---@return Documents held_out the other part
function data.split(documents, options) end

---Mixes streams by shares of tokens.
---```lua
---yy.data.mix({ { wiki, weight = 0.7 }, { books, weight = 0.3 }, seed = 1 })
---```
---@param sources MixOptions { stream, weight = share } one after the other
---@return Documents documents a lazy stream
function data.mix(sources) end

---Packs documents into rows of tokens; documents stay isolated and no token is lost.
---```lua
---yy.data.pack(mix, { tokenizer = tok, length = 512, tokens = 3e6 })
---```
---@param documents Documents any stream
---@param options PackOptions the rows
---@return Rows rows lazy rows of tokens
function data.pack(documents, options) end

---Takes ready-made token ids as rows.
---```lua
---yy.data.ids({ 5, 6, 7, 8 }, { length = 2 })
---```
---@param ids integer[] token ids, counted from 0
---@param options? IdsOptions the rows
---@return Rows rows rows of tokens
function data.ids(ids, options) end

return data
