import Decoding
import Evaluation
public import Models
public import Scripting
import Tensors
import Tokenizers

extension LanguageModel: LuaValue {}
extension LanguageModel: LuaObject {
  public static let luaClass = LuaClass<LanguageModel>(
    "Model", "A language model with its vocabulary and its chat template.",
    properties + weights + adaptation + decoding + measuring)

  private static let properties: [LuaMember<LanguageModel>] = [
    .property("tokenizer", "The model's tokenizer, or nil.") { $0.tokenizer.map(TokenizerObject.init) },
    .property("template", "The name of the chat template, or nil.") { $0.template?.name },
    .setter("template") { (m: LanguageModel, name: String?) in m.template = try name.map(ChatTemplate.named)
    },
    .property("parameters", "How many numbers the model has.") { $0.parameterCount },
    .property("trainable", "How many of them training updates.") { $0.trainableCount },
    .property("weight_bytes", "The memory that its weights take, an adapter's included.") { $0.weightBytes },
    .property("vocab_size", "Rows of the embedding.") { $0.spec.vocabSize },
    .property("hidden_size", "Width of the residual stream.") { $0.spec.hiddenSize },
    .property("num_hidden_layers", "How many blocks.") { $0.spec.numHiddenLayers },
    .property("context_length", "The longest text it takes, in tokens.") { $0.spec.maxPositionEmbeddings },
    .property("parameter_names", "The names of all parameters.") { $0.transformer.parameters.map(\.name) },
  ]

  private static let weights: [LuaMember<LanguageModel>] = [
    .method(
      "save", "Writes a Hugging Face folder; an attached adapter is merged into what is written.",
      Param<String>("folder", "made, or replaced as a whole"), Param<SaveChoices>("options", "how"),
      example: "m:save('out')"
    ) { m, folder, options in try m.save(to: folder, dtype: options.dtype, base: options.base) },
    .method(
      "save_adapter", "Writes the adapter as PEFT does, with the modules trained beside it.",
      Param<String>("folder", "made, or replaced as a whole"), example: "m:save_adapter('adapter')"
    ) { m, folder in try m.saveAdapter(to: folder) },
    .method(
      "load_adapter", "Puts an adapter onto the model it was trained from; its vocabulary comes with it.",
      Param<String>("folder", "written by save_adapter or by PEFT"), example: "m:load_adapter('adapter')"
    ) { m, folder in try m.loadAdapter(from: folder) },
    .method(
      "parameter", "Gives the tensor of a parameter.", Param<String>("name", "one of parameter_names"),
      returns: Returns<Tensor>("tensor", "the model's own where it is f32, else a copy in f32"),
      example: "m:parameter('model.norm.weight')"
    ) { m, name in try m.parameter(name) },
  ]

  private static let adaptation: [LuaMember<LanguageModel>] = [
    .method(
      "extend_vocabulary", "Makes rows for the pieces that a tokenizer has beyond the model's own.",
      Param<TokenizerObject>("tokenizer", "the old one with pieces at its end"),
      Param<ExtendChoices>("options", "how new rows start"), returns: Returns<Int>("added", "new rows"),
      example: "m:extend_vocabulary(tok, { init = 'mean' })"
    ) { m, tokenizer, options in try options.extend(m, tokenizer) },
    .method(
      "train_only", "Freezes everything but the groups named.",
      Param<[String]>("names", "embedding, head, norms, layers, all or none"),
      example: "m:train_only({ 'embedding' })"
    ) { m, names in try m.trainOnly(names) },
    .method(
      "add_lora", "Puts a LoRA adapter beside linears and freezes all but it and the modules of `train`.",
      Param<LoRAChoices>("options", "rank, scale, targets"), example: "m:add_lora({ rank = 8, alpha = 32 })"
    ) { m, choices in try m.addLoRA(choices.options()) },
    .method(
      "merge_lora",
      "Adds the adapter to the weights, of quantised linears to the dequantised ones, and takes it off.",
      Param<MergeLoRAChoices>("options", "whether to compare the models"),
      returns: Returns<MergeCheckObject?>(
        "check", "with `check`: how far the merged model is from the adapted one"),
      example: "print(m:merge_lora({ check = '从前有一只猫' }))"
    ) { m, options in try m.mergeLoRA(check: options.check).map(MergeCheckObject.init) },
    .method("detach_lora", "Takes the adapter off without using it.", example: "m:detach_lora()") { m in
      try m.detachLoRA()
    },
  ]

  private static let decoding: [LuaMember<LanguageModel>] = [
    .method(
      "generate", "Continues a prompt, or several together, each as it would be continued alone.",
      Param<Prompts>("prompt", "text, or token ids with BOS among them; or a table of such prompts"),
      Param<GenerateChoices>(
        "options", "how tokens are chosen; a seed counts for each prompt as if it were alone"),
      returns: Returns<Either<Generated, [Generated]>>(
        "text",
        "the continuation, one for each of several prompts; with return_ids the prompt's and the new ids"),
      example: "m:generate('从前', { max_tokens = 64, temperature = 0.6 })"
    ) { m, prompt, options in try options.generate(m, prompt) },
    .method(
      "stream", "Continues a prompt piece by piece; a piece never ends in half a character.",
      Param<Prompt>("prompt", "text, or token ids with BOS among them"),
      Param<GenerateChoices>("options", "how tokens are chosen"),
      returns: Returns<LuaIterator<String>>("pieces", "for `for`"),
      example: "for piece in m:stream('Once', { top_k = 40 }) do io.write(piece) end"
    ) { m, prompt, options in try options.stream(m, prompt) },
    .method(
      "answer", "Answers one instruction through the model's template.",
      Param<String>("instruction", "what to do"),
      Param<AnswerChoices>("options", "input and how tokens are chosen"),
      returns: Returns<String>("answer", "the text of the answer"),
      example: "m:answer('写一首诗', { max_tokens = 64, temperature = 0 })"
    ) { m, instruction, options in try options.answer(m, instruction) },
    .method(
      "conversation", "Starts a conversation in the model's template.",
      Param<ConversationChoices>("options", "system message and how tokens are chosen"),
      returns: Returns<ConversationObject>("conversation", "remembers its turns"),
      example: "m:conversation({ temperature = 0.6 }):reply('你好')"
    ) { m, options in try options.open(m) },
    .method(
      "chat", "Talks with the person at the terminal until the input ends.",
      Param<ConversationChoices>("options", "system message and how tokens are chosen"),
      returns: Returns<ConversationObject>("conversation", "all that was said"),
      example: "m:chat({ temperature = 0.6 })",
      bodyInState: { state, m, options in try startChat(state, options.open(m)) }),
  ]

  private static let measuring: [LuaMember<LanguageModel>] = [
    .method(
      "logits", "Gives the model's logits at every position.",
      Param<[Int32]>("ids", "token ids of one document"),
      returns: Returns<Tensor>("logits", "(ids, vocabulary)"), example: "m:logits({ 1, 15043, 2787 })"
    ) { m, ids in try m.transformer.logits(ids) },
    .method(
      "score", "Tells for every token of a text how the model saw it coming.",
      Param<String>("text", "any text"),
      returns: Returns<ScoresObject>("scores", "one record a token; prints as a heat map"),
      example: "m:score('从前有一只猫')[1].logprob"
    ) { m, text in ScoresObject(try score(m, text)) },
  ]

  private var weightBytes: Int { transformer.parameters.reduce(0) { $0 + $1.tensor.byteCount } }

  private func parameter(_ name: String) throws -> Tensor {
    guard let parameter = transformer.parameters.first(where: { $0.name == name }) else {
      let nearest = nearest(to: name, among: transformer.parameters.map(\.name)).map {
        "; did you mean '\($0)'?"
      }
      throw BadArgument("name", "there is no parameter '\(name)'\(nearest ?? "")")
    }
    return parameter.tensor.converted(to: .f32)
  }
}

/// The loop of `m:chat()` is Lua, so that it reads and prints as Lua's own `io` does.
private func startChat(_ state: LuaState, _ conversation: ConversationObject) throws -> ConversationObject {
  guard let loop = try state.interpreter.require("yuyan.chat").referenceValue else {
    throw LuaError(message: "yuyan/chat.lua must return a function")
  }
  try LuaCallback(loop).run(conversation)
  return conversation
}
