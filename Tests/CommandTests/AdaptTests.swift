import Files
import Glibc
import TestSupport
import Testing

/// `scripts/adapt.lua` and the notebooks as their users run them, at a size that takes seconds.
@Suite(.serialized) struct AdaptTests {
  private static let root = FileSystem.join(FileSystem.folder(of: #filePath), "../..")
  private static let script = FileSystem.join(root, "scripts/adapt.lua")
  private let folder: TemporaryFolder

  /// Both languages and the lessons, told by `yuyan.stories`, and an English vocabulary.
  private static let preparation = """
    local yy = require "yuyan"
    local function write(name, make)
      local lines = {}
      for i = 1, 60 do lines[i] = make(i) end
      yy.files.write(name, table.concat(lines, "\\n") .. "\\n")
    end
    write("en.txt", function(i) return yy.stories.tell(i) end)
    write("zh.txt", function(i) return yy.stories.tell(i, { language = "zh" }) end)
    write("rows.jsonl", function(i) return yy.json.encode(yy.stories.instruction(i)) end)
    yy.tokenizer.train({ files = { "en.txt" }, kind = "bpe", vocab_size = 400, byte_fallback = true }):save "en.model"
    """

  private static let parameters = [
    "en=en.txt", "zh=zh.txt", "sft=rows.jsonl", "tokenizer=en.model", "new_pieces=500", "hidden_size=32",
    "num_hidden_layers=2", "num_attention_heads=2", "base_steps=4", "embeddings_steps=3", "pretrain_steps=6",
    "tune_steps=4", "length=384", "batch_size=2", "rank=2", "checkpoint_every=1", "longest_lesson=384",
    "measured_bytes=2000",
    "max_tokens=4", "zh_held_out=0.1", "en_held_out=0.1", "sft_held_out=0.1",
  ]

  init() throws {
    folder = try TemporaryFolder()
    let run = try Binary.run("-", in: folder.path, input: Self.preparation)
    try #require(run.status == 0, "\(run.error)")
  }

  private func start(_ out: String, _ more: [String] = [], without name: String = " ") throws -> Binary {
    let given = Self.parameters.filter { !$0.hasPrefix(name) }
    return try Binary([Self.script] + given + ["out=\(out)"] + more, in: folder.path)
  }

  /// The last table printed, which is the one of what was learned.
  private func table(_ run: Binary.Result) -> [Substring] {
    let lines = run.output.split(separator: "\n")
    let start = lines.lastIndex { $0.hasPrefix("stage  ") } ?? lines.endIndex
    return Array(lines[start...].prefix { !$0.hasPrefix("report") })
  }

  private func model(_ out: String) throws -> [String] {
    let path = folder.file("\(out)/model")
    return try FileSystem.list(path).sorted().map { try $0 + " " + SHA256.hex(ofFile: "\(path)/\($0)") }
  }

  @Test func aSecondRunOnlyReadsAndAKilledOneGoesOn() throws {
    let whole = try start("whole").wait()
    try #require(whole.status == 0, "\(whole.error)")
    #expect(table(whole).count > 5, "\(whole.output)")
    for name in ["base", "adapter", "model", "metrics", "report.html"] {
      #expect(FileSystem.exists(folder.file("whole/\(name)")))
    }
    let expected = try model("whole")

    let again = try start("whole").wait()
    #expect(again.status == 0)
    #expect(table(again) == table(whole))
    #expect(try model("whole") == expected)
    let stages = ["base", "embeddings", "pretrain", "tune"]
    for stage in stages {
      let lines = try FileSystem.read(folder.file("whole/metrics/\(stage).jsonl")).split(separator: 10)
      #expect(lines.count == (stage == "pretrain" ? 6 : stage == "embeddings" ? 3 : 4), "\(stage)")
    }

    // Killed in the middle of pretraining, and once more in that of the lessons.
    for stage in ["pretrain", "tune"] {
      let run = try start("killed")
      let metrics = folder.file("killed/metrics/\(stage).jsonl")
      try run.until { (try? FileSystem.read(metrics).split(separator: 10).count) ?? 0 >= 2 }
      run.signal(SIGKILL)
      #expect(try run.wait().status == 128 + SIGKILL)
      #expect(!FileSystem.exists(folder.file("killed/model")))
    }
    let last = try start("killed").wait()
    #expect(last.status == 0, "\(last.error)")
    #expect(try model("killed") == expected)
    #expect(table(last) == table(whole))
  }

  @Test func aStageCanBeLeftOut() throws {
    let run = try start("out", ["skip=tune"]).wait()
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("\n== tune: left out\n"))
    #expect(!FileSystem.exists(folder.file("out/metrics/tune.jsonl")))
    #expect(FileSystem.exists(folder.file("out/model/model.safetensors")))
    let unknown = try start("out", ["skip=tunes"]).wait()
    #expect(unknown.error.contains("skip: no stage 'tunes'; the stages are vocabulary, base, embeddings"))
    #expect(unknown.status == 1)
  }

  @Test func namesWhatIsWrongWithItsArguments() throws {
    let unknown = try start("out", ["base_step=3"]).wait()
    #expect(
      unknown.error.hasPrefix(
        "yuyan: argument 'base_step=3': no parameter 'base_step'; did you mean 'base_steps'?\n"))
    #expect(unknown.status == 1)
    let missing = try start("out", without: "zh=").wait()
    #expect(missing.error.hasPrefix("yuyan: zh=... is missing; the script takes name=value for "))
    #expect(missing.status == 1)
    #expect(!FileSystem.exists(folder.file("out")))
  }

  /// Every notebook that comes with the program, its parameters at their smallest.
  @Test(
    arguments: (try? Glob.expand([FileSystem.join(root, "notebooks/*.ipynb")])) ?? [])
  func notebookRuns(_ path: String) throws {
    let cells = try JSON.parse(FileSystem.read(path))["cells"]?.arrayValue ?? []
    let tagged = try #require(
      cells.first { cell in
        (cell["metadata"]?["tags"]?.arrayValue ?? []).contains { $0.stringValue == "parameters" }
      })
    let source =
      tagged["source"]?.arrayValue?.compactMap(\.stringValue).joined() ?? tagged["source"]?.stringValue ?? ""
    let small = ["documents": "800"]
    var arguments = ["run", path, "-o", folder.file("done.ipynb"), "--html", folder.file("done.html")]
    for line in source.split(separator: "\n") {
      guard let name = line.split(separator: " ").first(where: { $0 != "local" }).map(String.init) else {
        continue
      }
      if name.hasSuffix("_steps") { arguments += ["-p", "\(name)=2"] }
      if let value = small[name] { arguments += ["-p", "\(name)=\(value)"] }
      if name == "out" { arguments += ["-p", "out=\(folder.file("out"))"] }
    }
    let run = try Binary(arguments, in: folder.path).wait(seconds: 300)
    #expect(run.status == 0, "\(run.error)")
    #expect(FileSystem.exists(folder.file("done.html")))
  }
}
