import Models
import Scripting

let modelModule = LuaModule(
  "yuyan.model", "Language models: loading, making, describing.",
  [
    LuaFunction(
      "load", "Loads a Hugging Face Llama folder or a llama2.c checkpoint, with its tokenizer and template.",
      Param<String>("path", "a folder with config.json, or a .bin file"),
      Param<LoadChoices>("options", "how"),
      returns: Returns<LanguageModel>("model", "ready to use; nothing of it is frozen"),
      example: "yy.model.load('stories260K.bin', { tokenizer = 'tok512.bin' })"
    ) { path, options in
      try LanguageModel.load(
        path, tokenizerPath: options.tokenizer,
        types: WeightTypes(dtype: options.dtype, quantize: options.quantize))
    },
    LuaFunction(
      "new", "Makes a model with new weights.",
      Param<ModelChoices>("description", "the names of config.json, a tokenizer and a seed"),
      returns: Returns<LanguageModel>("model", "untrained"),
      example:
        "yy.model.new({ hidden_size = 64, num_hidden_layers = 2, num_attention_heads = 4, vocab_size = 512 })"
    ) { description in try description.new() },
    LuaFunction(
      "describe", "Counts the parameters of a model that need not exist.",
      Param<ModelChoices>("description", "the names of config.json, and what would be trained"),
      returns: Returns<ShapeObject>("shape", "counts; prints as a table"),
      example: "yy.model.describe({ hidden_size = 4096, num_hidden_layers = 32, num_attention_heads = 32, "
        + "intermediate_size = 11008, vocab_size = 49953 }).parameters"
    ) { description in try description.describe() },
  ],
  classes: [
    LanguageModel.luaClass, ShapeObject.luaClass, MergeCheckObject.luaClass, ConversationObject.luaClass,
    ScoresObject.luaClass,
  ])
