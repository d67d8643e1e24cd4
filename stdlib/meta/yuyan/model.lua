---@meta yuyan.model
-- Written from the declarations by `RECORD=1 scripts/test`.

---@class LoadOptions
---@field tokenizer? string the path of a tokenizer in place of the folder's own
---@field dtype? string what weights and activations are: f32 or bf16 (f32; with quantize bf16)
---@field quantize? string keeps the blocks' linears frozen in int8 or nf4

---@class LoRAOptions
---@field rank? integer columns of the thin matrices (default 8)
---@field alpha? number the adapter's output is scaled by alpha / rank (default 32)
---@field dropout? number share of the adapter's inputs left out in training (default 0)
---@field targets? string[] any of q, k, v, o, gate, up, down (default { "q", "k", "v", "o" })
---@field train? string[] whole modules trained beside it: embedding, head, norms (default {})
---@field seed? integer decides how the adapter starts (default 0)

---@class ModelDescription
---@field architecture? string the family: llama (default "llama")
---@field hidden_size integer width of the residual stream
---@field num_hidden_layers integer how many blocks
---@field num_attention_heads integer how many heads
---@field num_key_value_heads? integer heads of keys and values (as many as heads)
---@field head_dim? integer width of a head (hidden_size / num_attention_heads)
---@field intermediate_size? integer width of the feed-forward network (8/3 hidden_size)
---@field vocab_size? integer rows of the embedding
---@field max_position_embeddings? integer the longest text, in tokens (default 2048)
---@field rms_norm_eps? number added to the mean square in norms (default 1e-05)
---@field rope_theta? number base of the rotary positions (default 10000)
---@field attention_bias? boolean biases on q, k, v and o (default false)
---@field mlp_bias? boolean biases on gate, up and down (default false)
---@field tie_word_embeddings? boolean whether the head is the embedding (default false)
---@field initializer_range? number standard deviation of new weights (default 0.02)
---@field tokenizer? Tokenizer the vocabulary; its size is the model's unless vocab_size is given
---@field seed? integer decides the weights (default 0)
---@field dtype? string what weights and activations are: f32 or bf16 (f32; with quantize bf16)
---@field quantize? string keeps the blocks' linears frozen in int8 or nf4
---@field lora? LoRAOptions describe only: an adapter to count
---@field train? string[] describe only: the groups that are trained without an adapter (default { "all" })

---@class SaveOptions
---@field dtype? string how numbers are stored: f32, f16 or bf16 (default "f32")
---@field base? boolean whether adapters saved from now on go onto this folder (default false)

---@class ExtendVocabularyOptions
---@field init? 'pieces'|'mean'|'noise'|function pieces, mean, noise, or function(piece, old_ids) giving the row's numbers (default "pieces")
---@field seed? integer for noise (default 0)

---@class MergeLoRAOptions
---@field check? string a text on which the model is compared before and after

---@class GenerateOptions
---@field max_tokens? integer upper bound on new tokens (256, or what the context still takes)
---@field temperature? number divides the logits; 0 picks the likeliest token (default 1)
---@field top_k? integer choose among so many of the likeliest tokens
---@field top_p? number choose among the likeliest tokens that reach this total probability
---@field repetition_penalty? number above 1: what the context holds becomes less likely (default 1)
---@field stop? string|string[] a text, or texts, that end the answer and are not part of it
---@field seed? integer the same seed gives the same choices
---@field logits? function function(logits, ids) that changes logits[id] in place before a choice
---@field return_ids? boolean whether ids come back in place of text (default false)

---@class AnswerOptions
---@field input? string what the instruction is about (default "")
---@field max_tokens? integer upper bound on new tokens (256, or what the context still takes)
---@field temperature? number divides the logits; 0 picks the likeliest token (default 1)
---@field top_k? integer choose among so many of the likeliest tokens
---@field top_p? number choose among the likeliest tokens that reach this total probability
---@field repetition_penalty? number above 1: what the context holds becomes less likely (default 1)
---@field stop? string|string[] a text, or texts, that end the answer and are not part of it
---@field seed? integer the same seed gives the same choices
---@field logits? function function(logits, ids) that changes logits[id] in place before a choice

---@class ConversationOptions
---@field system? string a message before the first turn
---@field max_tokens? integer upper bound on new tokens (256, or what the context still takes)
---@field temperature? number divides the logits; 0 picks the likeliest token (default 1)
---@field top_k? integer choose among so many of the likeliest tokens
---@field top_p? number choose among the likeliest tokens that reach this total probability
---@field repetition_penalty? number above 1: what the context holds becomes less likely (default 1)
---@field stop? string|string[] a text, or texts, that end the answer and are not part of it
---@field seed? integer the same seed gives the same choices
---@field logits? function function(logits, ids) that changes logits[id] in place before a choice

---A language model with its vocabulary and its chat template.
---@class Model
---@field tokenizer Tokenizer? The model's tokenizer, or nil.
---@field template string? The name of the chat template, or nil.
---@field parameters integer How many numbers the model has.
---@field trainable integer How many of them training updates.
---@field weight_bytes integer The memory that its weights take, an adapter's included.
---@field vocab_size integer Rows of the embedding.
---@field hidden_size integer Width of the residual stream.
---@field num_hidden_layers integer How many blocks.
---@field context_length integer The longest text it takes, in tokens.
---@field parameter_names string[] The names of all parameters.
local Model = {}

---Writes a Hugging Face folder; an attached adapter is merged into what is written.
---```lua
---m:save('out')
---```
---@param folder string made, or replaced as a whole
---@param options? SaveOptions how
function Model:save(folder, options) end

---Writes the adapter as PEFT does, with the modules trained beside it.
---```lua
---m:save_adapter('adapter')
---```
---@param folder string made, or replaced as a whole
function Model:save_adapter(folder) end

---Puts an adapter onto the model it was trained from; its vocabulary comes with it.
---```lua
---m:load_adapter('adapter')
---```
---@param folder string written by save_adapter or by PEFT
function Model:load_adapter(folder) end

---Gives the tensor of a parameter.
---```lua
---m:parameter('model.norm.weight')
---```
---@param name string one of parameter_names
---@return Tensor tensor the model's own where it is f32, else a copy in f32
function Model:parameter(name) end

---Makes rows for the pieces that a tokenizer has beyond the model's own.
---```lua
---m:extend_vocabulary(tok, { init = 'mean' })
---```
---@param tokenizer Tokenizer the old one with pieces at its end
---@param options? ExtendVocabularyOptions how new rows start
---@return integer added new rows
function Model:extend_vocabulary(tokenizer, options) end

---Freezes everything but the groups named.
---```lua
---m:train_only({ 'embedding' })
---```
---@param names string[] embedding, head, norms, layers, all or none
function Model:train_only(names) end

---Puts a LoRA adapter beside linears and freezes all but it and the modules of `train`.
---```lua
---m:add_lora({ rank = 8, alpha = 32 })
---```
---@param options? LoRAOptions rank, scale, targets
function Model:add_lora(options) end

---Adds the adapter to the weights, of quantised linears to the dequantised ones, and takes it off.
---```lua
---print(m:merge_lora({ check = '从前有一只猫' }))
---```
---@param options? MergeLoRAOptions whether to compare the models
---@return MergeCheck? check with `check`: how far the merged model is from the adapted one
function Model:merge_lora(options) end

---Takes the adapter off without using it.
---```lua
---m:detach_lora()
---```
function Model:detach_lora() end

---Continues a prompt, or several together, each as it would be continued alone.
---```lua
---m:generate('从前', { max_tokens = 64, temperature = 0.6 })
---```
---@param prompt string|integer[]|(string|integer[])[] text, or token ids with BOS among them; or a table of such prompts
---@param options? GenerateOptions how tokens are chosen; a seed counts for each prompt as if it were alone
---@return string|integer[]|(string|integer[])[] text the continuation, one for each of several prompts; with return_ids the prompt's and the new ids
function Model:generate(prompt, options) end

---Continues a prompt piece by piece; a piece never ends in half a character.
---```lua
---for piece in m:stream('Once', { top_k = 40 }) do io.write(piece) end
---```
---@param prompt string|integer[] text, or token ids with BOS among them
---@param options? GenerateOptions how tokens are chosen
---@return fun(): string? pieces for `for`
function Model:stream(prompt, options) end

---Answers one instruction through the model's template.
---```lua
---m:answer('写一首诗', { max_tokens = 64, temperature = 0 })
---```
---@param instruction string what to do
---@param options? AnswerOptions input and how tokens are chosen
---@return string answer the text of the answer
function Model:answer(instruction, options) end

---Starts a conversation in the model's template.
---```lua
---m:conversation({ temperature = 0.6 }):reply('你好')
---```
---@param options? ConversationOptions system message and how tokens are chosen
---@return Conversation conversation remembers its turns
function Model:conversation(options) end

---Talks with the person at the terminal until the input ends.
---```lua
---m:chat({ temperature = 0.6 })
---```
---@param options? ConversationOptions system message and how tokens are chosen
---@return Conversation conversation all that was said
function Model:chat(options) end

---Gives the model's logits at every position.
---```lua
---m:logits({ 1, 15043, 2787 })
---```
---@param ids integer[] token ids of one document
---@return Tensor logits (ids, vocabulary)
function Model:logits(ids) end

---Tells for every token of a text how the model saw it coming.
---```lua
---m:score('从前有一只猫')[1].logprob
---```
---@param text string any text
---@return Scores scores one record a token; prints as a heat map
function Model:score(text) end

---What a model of a given shape holds, known without its weights.
---@class Shape
---@field parameters integer All parameters, an adapter's included.
---@field trainable integer Those that training updates.
---@field trainable_percentage number Their share, in percent.
---@field weight_bytes integer Bytes of the weights.
---@field training_bytes integer Bytes that gradients and optimizer add.
local Shape = {}

---How far a merged model is from the model with its adapter, over the tokens of a text.
---@class MergeCheck
---@field tokens integer Positions compared.
---@field max_difference number The largest difference between two logits.
---@field kl number KL(adapted || merged) of the next token, in nats a token.
---@field top1_agreement number The share of positions with the same likeliest token.
local MergeCheck = {}

---Turns of a person and a model.
---@class Conversation
---@operator len: integer
local Conversation = {}

---Answers a text; the answer can be shown as it comes.
---```lua
---conversation:reply('你好', io.write)
---```
---@param text string what was said
---@param on_piece? function called with each piece of the answer
---@return string answer all of it
function Conversation:reply(text, on_piece) end

---Forgets all turns but the system message.
---```lua
---conversation:reset()
---```
function Conversation:reset() end

---How a model saw each token of a text coming.
---@class Scores
---@field nll number Mean negative log-likelihood, in nats a token.
---@field [integer] table? The record of a token: id, piece, logprob, entropy, rank.
---@operator len: integer
local Scores = {}

---Language models: loading, making, describing.
local model = {}

---Loads a Hugging Face Llama folder or a llama2.c checkpoint, with its tokenizer and template.
---```lua
---yy.model.load('stories260K.bin', { tokenizer = 'tok512.bin' })
---```
---@param path string a folder with config.json, or a .bin file
---@param options? LoadOptions how
---@return Model model ready to use; nothing of it is frozen
function model.load(path, options) end

---Makes a model with new weights.
---```lua
---yy.model.new({ hidden_size = 64, num_hidden_layers = 2, num_attention_heads = 4, vocab_size = 512 })
---```
---@param description ModelDescription the names of config.json, a tokenizer and a seed
---@return Model model untrained
function model.new(description) end

---Counts the parameters of a model that need not exist.
---```lua
---yy.model.describe({ hidden_size = 4096, num_hidden_layers = 32, num_attention_heads = 32, intermediate_size = 11008, vocab_size = 49953 }).parameters
---```
---@param description ModelDescription the names of config.json, and what would be trained
---@return Shape shape counts; prints as a table
function model.describe(description) end

return model
