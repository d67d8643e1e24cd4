import Files
import Glibc
import TestSupport
import Testing

@Suite struct RunTests {
  @Test func parametersTakeTheTypesOfTheirDefaults() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", Notebooks.percent)
    let run = try Binary.run(
      "run", "a.lua", "-p", "steps=5", "-p", "name=7 你", "-p", "flag=false", "--html", "page.html",
      in: folder.path)
    #expect(run.status == 0)
    #expect(run.error.hasSuffix("done: a.out.ipynb, page.html\n"))
    let outputs = try Notebooks.outputs(of: folder.file("a.out.ipynb"))
    #expect(outputs == ["", "", "5\tinteger\t7 你\tfalse\n-> 10", "careful\n-> { \"你好\" }"])
    let page = String(decoding: try FileSystem.read(folder.file("page.html")), as: UTF8.self)
    #expect(page.contains("<h1") && page.contains("你好"))
  }

  @Test(
    "wrong parameters have status 2",
    arguments: [
      ("stpes=5", "unknown parameter 'stpes'; did you mean 'steps'?"),
      ("steps=abc", "parameter 'steps': integer expected as in its default 3, got 'abc'"),
    ])
  func parameters(_ parameter: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", Notebooks.percent)
    let run = try Binary.run("run", "a.lua", "-p", parameter, in: folder.path)
    #expect(run.error == "yuyan: a.lua: \(words)\n`yuyan --help` shows the commands\n")
    #expect(run.status == 2)
    #expect(!FileSystem.exists(folder.file("a.out.ipynb")))
  }

  @Test func anErrorIsSavedAndStops() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "a.lua", "-- %%\nlocal x = nil\nprint('before')\n-- %%\nx.y = 1\n-- %%\nprint('never')\n")
    let run = try Binary.run("run", "a.lua", "-o", "b.ipynb", in: folder.path)
    #expect(run.status == 1)
    #expect(run.error.contains("cell 2:1: attempt to index a nil value (local 'x')\n  1 | x.y = 1\n"))
    #expect(
      try Notebooks.outputs(of: folder.file("b.ipynb")) == [
        "before\n", "[LuaError] cell 2:1: attempt to index a nil value (local 'x')", "",
      ])
  }

  @Test func aCellMayTakeItsTimeOnly() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", "-- %%\nprint(1)\n-- %%\nwhile true do end\n")
    let run = try Binary.run("run", "a.lua", "--timeout", "0.3", in: folder.path)
    #expect(run.status == 1)
    #expect(
      try Notebooks.outputs(of: folder.file("a.out.ipynb"))
        == ["1\n", "[Timeout] cell 2: stopped after 0.3 s, the limit for one cell"])
  }

  @Test func anInterruptIsSavedAndHasItsStatus() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.lua", "-- %%\nprint(1)\n-- %%\nwhile true do end\n")
    let run = try Binary(["run", "a.lua"], in: folder.path)
    try run.untilPrinted("[1/2]")
    usleep(100_000)
    run.signal(SIGINT)
    let result = try run.wait()
    #expect(result.status == 130)
    #expect(result.secondsAfterSignal < 1)
    #expect(try Notebooks.outputs(of: folder.file("a.out.ipynb")) == ["1\n", "[Interrupted] interrupted"])
  }

  @Test func whatIsFinishedSurvivesAKill() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "a.lua", "-- %%\nprint('one')\n-- %%\nprint('two')\n-- %%\nprint('three') while true do end\n")
    let run = try Binary(["run", "a.lua"], in: folder.path)
    try run.untilPrinted("[2/3]")
    usleep(50_000)
    run.signal(SIGKILL)
    #expect(try run.wait().status == 128 + SIGKILL)
    #expect(try Notebooks.outputs(of: folder.file("a.out.ipynb")) == ["one\n", "two\n", ""])
    #expect(try Binary.run("convert", "a.out.ipynb", "again.lua", in: folder.path).status == 0)
  }
}
