import Glibc
import TestSupport
import Testing

@Suite struct InterruptTests {
  /// What runs when Ctrl-C comes; each says "go" when it is about to begin.
  static let works: [(name: String, script: String)] = [
    ("a Lua loop", "go() while true do end"),
    ("a loop that catches errors", "go() while true do pcall(error, 'x') end"),
    ("a coroutine", "go() coroutine.wrap(function() while true do end end)()"),
    ("another program", "go() yy.process.run('sleep', { '60' })"),
    (
      "training steps",
      """
      local m = yy.model.new { architecture = "llama", hidden_size = 256, num_hidden_layers = 4, num_attention_heads = 4,
        vocab_size = 4000, seed = 1 }
      local ids = {}
      for i = 1, 8192 do ids[i] = i % 4000 end
      go()
      yy.train.run { model = m, data = yy.data.ids(ids, { length = 512 }), steps = 1000, batch_size = 16, lr = 1e-3 }
      """
    ),
    (
      "training a vocabulary",
      """
      local lines, n = {}, 1
      for i = 1, 60000 do
        local line = {}
        for j = 1, 10 do
          n = (n * 1103515245 + 12345) % 2147483648
          line[j] = ("%x"):format(n)
        end
        lines[i] = table.concat(line, " ")
      end
      yy.files.write(arg[1], table.concat(lines, "\\n"))
      go()
      yy.tokenizer.train { files = { arg[1] }, kind = "bpe", vocab_size = 30000 }
      """
    ),
    (
      "generating",
      "local m = yy.model.load(arg[2]) go() while true do m:generate('swift', { max_tokens = 90000 }) end"
    ),
  ]

  @Test(arguments: works.map(\.name))
  func endsWithStatus130(_ name: String) throws {
    let work = try #require(Self.works.first { $0.name == name })
    let folder = try TemporaryFolder()
    let sample = try Sample.shared.get()
    let start = "local function go() io.stdout:write('go\\n') io.stdout:flush() end\n"
    try folder.write("work.lua", start + work.script)
    let run = try Binary(["work.lua", "text.txt", sample.model], in: folder.path)
    try run.untilPrinted("go\n")
    usleep(400_000)
    run.signal(SIGINT)
    let result = try run.wait()
    print("interrupt: \(name) stopped after \(Int(result.secondsAfterSignal * 1000)) ms")
    #expect(result.status == 130)
    #expect(result.error == "yuyan: interrupted\n")
    #expect(result.secondsAfterSignal < 1)
  }
}
