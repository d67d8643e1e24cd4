import Files
import Glibc

/// A tiny model with its vocabulary and two texts, made by the program itself once for all suites.
struct Sample: Sendable {
  let path: String
  var model: String { path + "/base" }

  static let shared = Result { () throws(Unexpected) in try Sample() }

  private init() throws(Unexpected) {
    var template = Array("/tmp/yuyan-sample-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    do {
      try AtomicFile.write(Self.preparation, to: path + "/prepare.lua")
      let run = try Binary.run("prepare.lua", in: path)
      guard run.status == 0 else { throw Unexpected(description: run.error) }
    } catch { throw Unexpected(description: "\(error)") }
    atexit { _ = try? FileSystem.remove(Sample.shared.get().path) }
  }

  private static let preparation = """
    local yy = require "yuyan"
    local chinese = { "猫", "狗", "雨燕", "天空", "河", "山", "春天", "来了", "飞", "跑", "看见", "小", "大" }
    local english = { "cat", "dog", "swift", "sky", "river", "hill", "spring", "comes", "flies", "runs", "sees", "small" }
    local n = 7
    local function pick(list)
      n = (n * 1103515245 + 12345) % 2147483648
      return list[1 + n // 65536 % #list]
    end
    local zh, en = {}, {}
    for i = 1, 200 do
      local a, b = {}, {}
      for j = 1, 5 + i % 7 do a[j], b[j] = pick(chinese), pick(english) end
      zh[i], en[i] = table.concat(a) .. "。", table.concat(b, " ") .. "."
    end
    yy.files.write("zh.txt", table.concat(zh, "\\n"))
    yy.files.write("en.txt", table.concat(en, "\\n"))
    local tok = yy.tokenizer.train { files = { "zh.txt", "en.txt" }, kind = "bpe", vocab_size = 400 }
    local m = yy.model.new {
      architecture = "llama", hidden_size = 128, num_hidden_layers = 2, num_attention_heads = 4, intermediate_size = 256,
      max_position_embeddings = 100000, tokenizer = tok, seed = 1,
    }
    m.template = "alpaca"
    m:save "base"
    """
}
