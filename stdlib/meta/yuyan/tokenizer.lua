---@meta yuyan.tokenizer
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class TrainTokenizerOptions
---@field files? string[] text files, one document a line; * and ** work (default {})
---@field data? Documents a stream of documents in place of files
---@field kind? 'bpe'|'unigram'|'char'|'word' the algorithm (default "bpe")
---@field vocab_size? integer pieces, with control and byte pieces (default 8000)
---@field character_coverage? number share of all characters that get a piece, 0.98 to 1 (default 0.9995)
---@field byte_fallback? boolean whether characters without a piece are spelled as bytes (default true)
---@field user_defined_symbols? string[] pieces that are always kept whole (default {})
---@field split_digits? boolean whether every digit is a piece of its own (default true)
---@field normalization? string identity, nfkc, nmt_nfkc, nfkc_cf or nmt_nfkc_cf (default "identity")
---@field max_piece_length? integer characters in the longest piece (default 16)
---@field input_sentence_size? integer lines to train on, drawn at random; 0 takes all (default 0)
---@field seed? integer for that draw (default 0)
---@field add_dummy_prefix? boolean whether a text gets a space in front (default true)
---@field remove_extra_whitespaces? boolean whether spaces in a row become one (default false)

---@class TextChoice
---@field files? string[] text files, one document a line; * and ** work (default {})
---@field text? string a text in place of files

---@class MergeOptions
---@field rule? 'safe'|'append'|'append_scores' safe keeps old text as it was; append is the published rule (default "safe")
---@field sample? string[] files of old-language text that must be cut as before (default {})
---@field protect_latin? boolean keep out pieces of nothing but Latin letters and signs
---@field count? string[] files to count tokens on, before and after (default {})

---A vocabulary and the rule that cuts text into its pieces.
---@class Tokenizer
---@field kind string The algorithm: bpe, unigram, char or word.
---@field bos_id integer? The id of the begin token, or nil.
---@field eos_id integer? The id of the end token, or nil.
---@field unknown_id integer? The id of the unknown token, or nil.
---@field pad_id integer? The id of the padding token, or nil.
---@field fingerprint string SHA-256 of the model.
---@operator len: integer
local Tokenizer = {}

---Cuts a text into token ids, without begin or end token.
---```lua
---tok:encode('你好')
---```
---@param text string any text
---@return integer[] ids counted from 0, as the vocabulary does
function Tokenizer:encode(text) end

---Puts the text of token ids together.
---```lua
---tok:decode({ 1, 2 })
---```
---@param ids integer[] token ids
---@return string text bytes that form no character become U+FFFD
function Tokenizer:decode(ids) end

---Shows the pieces that a text is cut into.
---```lua
---tok:pieces('你好')
---```
---@param text string any text
---@return string[] pieces as the vocabulary writes them
function Tokenizer:pieces(text) end

---Finds a piece.
---```lua
---tok:id('好')
---```
---@param piece string as the vocabulary writes it
---@return integer? id nil when there is no such piece
function Tokenizer:id(piece) end

---Gives the piece of an id.
---```lua
---tok:piece(7)
---```
---@param id integer counted from 0
---@return string? piece nil outside of the vocabulary
function Tokenizer:piece(id) end

---Writes the model file.
---```lua
---tok:save('zh.model')
---```
---@param path string a .model file
function Tokenizer:save(path) end

---Puts the pieces of another vocabulary at the end of this one; ids stay.
---```lua
---llama:merge(zh, { rule = 'append' })
---```
---@param extra Tokenizer the vocabulary to take pieces from
---@param options? MergeOptions by which rule
---@return Tokenizer merged a new tokenizer
---@return MergeReport report what was added, what not and why
function Tokenizer:merge(extra, options) end

---Gives a new tokenizer with one more piece at its end.
---```lua
---tok:add_piece('[PAD]')
---```
---@param piece string such as [PAD]
---@return Tokenizer tokenizer a new tokenizer
function Tokenizer:add_piece(piece) end

---What a merge of two vocabularies did.
---@class MergeReport
---@field base integer Pieces of the base.
---@field extra integer Pieces of the other vocabulary.
---@field added integer Pieces that joined.
---@field total integer Pieces of the merged vocabulary.
---@field duplicates integer Pieces that the base had already.
---@field rejected table<string, integer> How many pieces did not join, by cause.
local MergeReport = {}

---How many tokens several vocabularies need for the same text.
---@class TokenizerComparison
---@field bytes integer UTF-8 bytes of the text.
---@field characters integer Characters of the text.
---@field tokens table<string, integer> Tokens by tokenizer.
---@field bytes_per_token table<string, number> Bytes a token, by tokenizer.
local TokenizerComparison = {}

---Vocabularies: loading, training, merging, comparing.
local tokenizer = {}

---Loads a tokenizer.
---```lua
---yy.tokenizer.load('llama/tokenizer.model')
---```
---@param path string a sentencepiece .model, a model folder, or a llama2.c vocabulary (tok*.bin)
---@return Tokenizer tokenizer ready to encode
function tokenizer.load(path) end

---Learns a vocabulary from text.
---```lua
---yy.tokenizer.train({ files = { 'zh/*.txt' }, kind = 'bpe', vocab_size = 20000 })
---```
---@param options? TrainTokenizerOptions which text, how many pieces
---@return Tokenizer tokenizer ready to encode
function tokenizer.train(options) end

---Counts the tokens that several tokenizers need for the same text.
---```lua
---yy.tokenizer.compare({ llama = llama, merged = tok }, { files = { 'zh/*.txt' } })
---```
---@param tokenizers table<string, Tokenizer> { name = tokenizer } or { { 'name', tokenizer }, ... } in that order
---@param options? TextChoice which text
---@return TokenizerComparison comparison prints as a table
function tokenizer.compare(tokenizers, options) end

return tokenizer
