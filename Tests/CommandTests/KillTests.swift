import Files
import Glibc
import OrderedCollections
import TestSupport
import Testing

/// A run that is killed again and again ends as if nothing had happened.
@Suite(.serialized) struct KillTests {
  static let steps = 40
  static let script = """
    local yy = require "yuyan"
    local base, out = arg[1], arg[2]
    local m = yy.model.load(base .. "/base")
    m:add_lora { rank = 4, alpha = 8, dropout = 0.1, targets = { "q", "k", "v", "o" }, train = { "embedding", "head" } }
    local mix = yy.data.mix { { yy.data.text { base .. "/zh.txt" }, weight = 0.7 }, { yy.data.text { base .. "/en.txt" }, weight = 0.3 },
      seed = 3 }
    local packed = yy.data.pack(mix, { tokenizer = m.tokenizer, length = 48, tokens = 1e5, seed = 5 })
    local run = yy.train.run {
      model = m, data = packed, steps = \(steps), batch_size = 2, accumulate = 2, seed = 9,
      lr = yy.schedule.cosine { peak = 2e-3, warmup = 0.1 },
      checkpoint = { dir = out .. "/checkpoints", every = tonumber(arg[3]), keep = 2 }, resume = true,
      on_step = function(s)
        s.state.sum = (s.state.sum or 0) + s.loss * s.step
        print(s.step)
        io.stdout:flush()
      end,
    }
    m:save(out .. "/model")
    m:save_adapter(out .. "/adapter")
    yy.files.write(out .. "/state.json", yy.json.encode(run.state))
    """

  /// The end of a run: final weights, the hook's table, and the metrics (sample ids among them) without times.
  struct End: Equatable {
    var weights: String
    var adapter: String
    var state: String
    var metrics: [JSON]

    init(in folder: String) throws {
      weights = try SHA256.hex(of: FileSystem.read(folder + "/model/model.safetensors"))
      adapter = try SHA256.hex(of: FileSystem.read(folder + "/adapter/adapter_model.safetensors"))
      state = String(decoding: try FileSystem.read(folder + "/state.json"), as: UTF8.self)
      let lines = String(decoding: try FileSystem.read(folder + "/checkpoints/metrics.jsonl"), as: UTF8.self)
      metrics = try lines.split(separator: "\n").map { line in
        var fields = try JSON.parse(String(line)).objectValue ?? [:]
        for timing in ["seconds", "tokens_per_second"] { fields[timing] = nil }
        return .object(fields)
      }
    }
  }

  /// One start of the script, checkpoints each `every` steps.
  static func start(_ folder: TemporaryFolder, _ name: String, every: Int = 1) throws -> Binary {
    let sample = try Sample.shared.get()
    if !FileSystem.exists(folder.file("train.lua")) { try folder.write("train.lua", script) }
    try FileSystem.makeFolders(folder.file(name))
    return try Binary(
      [folder.file("train.lua"), sample.path, folder.file(name), "\(every)"], in: folder.path)
  }

  static func unfinished(in folder: String) -> Bool {
    let names = (try? FileSystem.list(folder)) ?? []
    return names.contains { $0.hasPrefix(".") || $0.contains("unfinished") }
  }

  @Test(arguments: [1, 3])
  func tenKillsChangeNothing(every: Int) throws {
    let folder = try TemporaryFolder()
    let whole = try Self.start(folder, "whole", every: every).wait()
    try #require(whole.status == 0, "\(whole.error)")
    let expected = try End(in: folder.file("whole"))
    try #require(expected.metrics.count == Self.steps)
    #expect(Set(expected.metrics.compactMap { $0["samples"]?.stringValue }).count > Self.steps / 2)

    let seed = UInt64.random(in: 0..<1_000_000)
    var random = Counter(state: seed)
    var kills = 0
    var inCheckpoint = 0
    var round = 0
    while kills < 10 {
      round += 1
      try #require(round <= 100, "seed \(seed): \(kills) kills in 100 runs")
      let name = "killed-\(round)"
      var isDone = false
      while !isDone {
        let run = try Self.start(folder, name, every: every)
        if kills < 10 {
          // Every second kill comes while a checkpoint is being written.
          let isMet =
            kills % 2 == 1
            ? Self.stopsInside(folder.file(name) + "/checkpoints", run, &random)
            : Self.stops(after: UInt32.random(in: 20_000..<300_000, using: &random), run)
          if isMet {
            run.signal(SIGKILL)
            inCheckpoint += kills % 2
            kills += 1
          }
        }
        let result = try run.wait()
        isDone = result.status == 0
        guard isDone || result.status == 128 + SIGKILL else { throw Unexpected(description: result.error) }
      }
      let end = try End(in: folder.file(name))
      #expect(end == expected, "seed \(seed), round \(round)")
    }
    print(
      "kill -9: seed \(seed), \(kills) kills, \(inCheckpoint) in a checkpoint, \(round) runs, every \(every)")
  }

  /// Halts a run after so many microseconds; false when it has ended by then.
  static func stops(after delay: UInt32, _ run: Binary) -> Bool {
    usleep(delay)
    return run.halt()
  }

  /// Halts a run while it writes a checkpoint; false when it has ended before that happened.
  static func stopsInside(_ checkpoints: String, _ run: Binary, _ random: inout Counter) -> Bool {
    while run.halt() {
      if unfinished(in: checkpoints) { return true }
      run.signal(SIGCONT)
      usleep(UInt32.random(in: 0..<1500, using: &random))
    }
    return false
  }

  @Test func aFullDiskLeavesTheLastCheckpointGood() throws {
    let folder = try TemporaryFolder()
    let whole = try Self.start(folder, "whole").wait()
    try #require(whole.status == 0, "\(whole.error)")
    let sample = try Sample.shared.get()
    // Some good checkpoints first, then no file may grow beyond 64 KiB.
    let run = try Self.start(folder, "full", every: 1)
    try run.untilPrinted("\n5\n")
    run.signal(SIGKILL)
    _ = try run.wait()
    let limited = try Binary(
      [
        "-c", "ulimit -f 64; exec \"$@\"", "bash", Binary.path, folder.file("train.lua"), sample.path,
        folder.file("full"), "1",
      ],
      in: folder.path, executable: "/bin/bash"
    ).wait()
    #expect(limited.status == 1)
    let checkpoints = folder.file("full") + "/checkpoints"
    #expect(
      limited.error.contains(
        ": file too large for the limit of this process; the checkpoint was not written, "))
    #expect(limited.error.contains(" stays good\n"))
    #expect(!Self.unfinished(in: checkpoints))
    let rest = try Self.start(folder, "full").wait()
    #expect(rest.status == 0, "\(rest.error)")
    #expect(try End(in: folder.file("full")) == End(in: folder.file("whole")))
  }
}

/// SplitMix64: moments that a seed gives again.
struct Counter: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
