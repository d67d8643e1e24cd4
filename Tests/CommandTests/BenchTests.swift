import Files
import Glibc
import TestSupport
import Testing

/// What `scripts/bench` and its parts make of measurements; how fast anything was is no test.
@Suite struct BenchTests {
  private let folder: TemporaryFolder
  private static let scripts = FileSystem.absolute(
    FileSystem.join(FileSystem.folder(of: #filePath), "../../scripts"))

  init() throws { folder = try TemporaryFolder() }

  private func bench(_ arguments: String...) throws -> Binary.Result {
    try Binary(["\(Self.scripts)/bench"] + arguments, executable: "/bin/bash").wait()
  }

  private func script(_ name: String, _ arguments: String...) throws -> Binary.Result {
    try Binary(["\(Self.scripts)/benchmarks/\(name)"] + arguments).wait()
  }

  @Test(arguments: [
    (["--fast"], "unknown option '--fast'"), (["--only"], "--only needs a value"),
    (["--rounds", "0"], "--rounds: a positive number expected, got '0'"),
    (["--program", "/nowhere"], "--program: no program '/nowhere'"),
    (["--program", "/bin/true", "--table", "/nowhere"], "--table: no file '/nowhere'"),
    (["--program", "/bin/true", "--output", "/bin/true"], "--output: /bin/true is there already"),
  ])
  func refusesWrongUsage(_ arguments: [String], _ message: String) throws {
    let run = try Binary(["\(Self.scripts)/bench"] + arguments, executable: "/bin/bash").wait()
    #expect(run.error == "bench: \(message); scripts/bench --help shows the options\n")
    #expect(run.output == "")
    #expect(run.status == 2)
  }

  @Test func namesTheJobs() throws {
    let run = try bench("--program", Binary.path, "--only", "lora", "--output", folder.file("out.jsonl"))
    #expect(run.error.hasPrefix("bench: no job is called 'lora'; the jobs are lora-f32, lora-bf16, "))
    #expect(run.status == 2)
    #expect(!FileSystem.exists(folder.file("out.jsonl")))
  }

  /// The program stands for one that was interrupted after it had measured something.
  @Test func printsTheTableAfterAnInterrupt() throws {
    let program = try folder.write(
      "program",
      """
      #!/bin/sh
      case "$1" in
        *measure.lua) echo '{}' >"${2#output=}"; exit 130 ;;
        *table.lua) echo "the table of ${2#input=}" ;;
      esac

      """)
    chmod(program, 0o755)
    let output = folder.file("out.jsonl")
    let run = try bench("--program", program, "--output", output)
    #expect(run.output == "the table of \(output)\nmeasurements: \(output)\n")
    #expect(run.status == 130)
  }

  @Test func trainsAndCountsOperations() throws {
    let run = try script(
      "train.lua", "shape=15m", "vocab_size=100", "batch=1", "seq=15", "steps=1", "rank=2", "mode=lora")
    let record = try JSON.parse(run.output)
    // d 288, 6 layers, f 768, T 15, see docs/performance.md: 4 W + 3 * 2 L d (T + 1) + 3 * 2 r A.
    let weights = 6 * (4 * 288 * 288 + 3 * 288 * 768) + 100 * 288
    let adapter = 6 * (4 * 288 + 2 * (288 + 288) + 3 * (288 + 768))
    let operations = 4 * weights + 3 * 2 * 6 * 288 * 16 + 3 * 2 * 2 * adapter
    #expect(record["operations_per_token"]?.intValue == operations)
    #expect(record["loss"]?.doubleValue.map { abs($0 - 4.6) < 0.5 } == true)  // ln 100
    #expect(record["tokens_per_s"]?.doubleValue.map { $0 > 0 } == true)
    #expect(record["peak_rss_mb"]?.intValue.map { $0 > 1 } == true)
    #expect(run.status == 0)
  }

  @Test func measuresAttentionAtTwoLengths() throws {
    let run = try script("attention.lua", "short=7", "long=31", "times=1")
    let record = try JSON.parse(run.output)
    #expect(record["arithmetic_growth"]?.doubleValue == 4)
    #expect(record["growth"]?.doubleValue.map { $0 > 0 } == true)
  }

  @Test func measuresTheLimits() throws {
    let run = try script("limits.lua", "m=16", "n=16", "k=16", "bytes=1000000", "seconds=0")
    let record = try JSON.parse(run.output)
    #expect(record["f32"]?.doubleValue.map { $0 > 0 } == true)
    #expect(record["read"]?.doubleValue.map { $0 > 0 } == true)
  }

  // 100 tokens/s of 2e9 operations are 200 GFLOP/s, 73 % of the 275 between 250 and 300; 100 / 45 is 2.22.
  private static let measured = """
    {"kind":"machine","quick":false,"rounds":2,"date":"2026-01-02 03:04","record":{"processor":"CPU","cores":4,"threads":2,"memory_bytes":8000000000,"avx512":false,"bf16":false,"system":"Linux","version":"1","kernels":"plain","matrices":"OpenBLAS"}}
    {"kind":"limits","record":{"f32":250,"read":10}}
    {"kind":"ours","job":"lora-f32","round":1,"record":{"tokens_per_s":90,"operations_per_token":2000000000,"peak_rss_mb":1000}}
    {"kind":"peer","job":"lora-f32","round":1,"record":{"tokens_per_s":40,"peak_rss_mb":4000,"versions":{"torch":"2"}}}
    {"kind":"ours","job":"lora-f32","round":2,"record":{"tokens_per_s":110,"operations_per_token":2000000000,"peak_rss_mb":1000}}
    {"kind":"peer","job":"lora-f32","round":2,"record":{"tokens_per_s":50,"peak_rss_mb":4000,"versions":{"torch":"2"}}}
    {"kind":"limits","record":{"f32":300,"read":20}}
    {"kind":"ours","job":"lora-bf16","round":1,"record":{"tokens_per_s":90,"operations_per_token":2000000000,"peak_rss_mb":500}}
    {"kind":"ours","job":"attention","round":1,"record":{"growth":7.5,"arithmetic_growth":7.99,"peak_rss_mb":400}}
    {"kind":"failed","side":"ours","job":"qlora-nf4","round":1,"reason":"exit status 1: no"}
    {"kind":"peer","job":"qlora-nf4","round":1,"record":{"tokens_per_s":90,"peak_rss_mb":500}}

    """

  private static let table = """
    machine  CPU, 4 cores, 2 threads, 8.0 GB; no AVX-512, no bf16
    system   Linux; yuyan 1, 2026-01-02 03:04
    kernels  plain; matrix products: OpenBLAS
    peers    torch 2
    limits   f32 275 GFLOP/s (250 to 300), no bf16, reading 15.0 GB/s (10.0 to 20.0)

    job                 ours      reached   of the limit  peer        ratio   memory  of peer's  held
    lora-f32       100 tok/s  200 GFLOP/s  73 % f32 (70)  45.0  2.22x (3.0)  1.05 GB      0.25x  no: ratio
    lora-bf16     90.0 tok/s  180 GFLOP/s        no bf16     -      - (2.5)  0.52 GB   - (0.33)  open
    qlora-nf4         failed            -        no bf16  90.0      - (0.8)        -          -  failed
    attention  7.50 x (7.99)            -              -     -            -  0.42 GB          -  yes

    lora-f32: LoRA r=8 on 7 linears, 110m, 4 x 512, f32; peer: PyTorch + PEFT
    lora-bf16: LoRA, the same, bf16
    qlora-nf4: LoRA, the same, bf16 over frozen weights in NF4; peer: ours, lora-bf16
    attention: attention at length 4096 against 512, time a token

    qlora-nf4: ours failed: exit status 1: no
    In brackets stands what a figure is held to: ratios and shares at least, memory and growth at most.
    This machine has no bf16 product: bf16 jobs run on the f32 one, and are not held to a share of a limit.
    This machine has no AVX-512.

    """

  @Test func makesATable() throws {
    let input = try folder.write("out.jsonl", Self.measured)
    let page = try folder.write("page.md", "before\n<!-- bench -->\nold\n<!-- end of bench -->\nafter\n")
    let run = try script("table.lua", "input=\(input)", "page=\(page)")
    #expect(run.error == "")
    #expect(run.output == Self.table)
    let text = String(decoding: try FileSystem.read(page), as: UTF8.self)
    #expect(
      text == "before\n<!-- bench -->\n```\n\(Self.table)```\n<!-- end of bench -->\nafter\n")
  }

  @Test func saysWhichLinesAPageLacks() throws {
    let input = try folder.write("out.jsonl", Self.measured)
    let page = try folder.write("page.md", "<!-- bench -->\n")
    let run = try script("table.lua", "input=\(input)", "page=\(page)")
    let message = "yuyan: \(page): the lines '<!-- bench -->' and '<!-- end of bench -->' are missing"
    #expect(run.error.split(separator: "\n").first.map(String.init) == message)
    #expect(run.status == 1)
  }
}
