import TestSupport
import Testing

@Suite struct ScriptTests {
  @Test func tellsItsVersion() throws {
    let run = try Binary.run("--version")
    #expect(run.status == 0)
    #expect(run.output == "yuyan 0.1.0\n")
  }

  @Test func runsAFileWithItsArguments() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "script.lua",
      "#!/usr/bin/env yuyan\nprint(arg[0], #arg, arg[1], arg[2], ...)\nprint(yy == require 'yuyan')\n")
    let run = try Binary.run("script.lua", "-e", "二", in: folder.path)
    #expect(run.output == "script.lua\t2\t-e\t二\t-e\t二\ntrue\n")
    #expect(run.error == "")
    #expect(run.status == 0)
  }

  @Test func readsAScriptFromItsInput() throws {
    let run = try Binary.run("-", "a", input: "print(arg[0], ...)\nerror('no', 0)\n")
    #expect(run.output == "-\ta\n")
    #expect(
      run.error == "yuyan: no\nstack traceback:\n  [C]: in function 'error'\n  stdin:2: in main chunk\n")
    #expect(run.status == 1)
  }

  @Test func runsCodeOfTheCommandLine() throws {
    let run = try Binary.run("-e", "x = 20", "-e", "x * 2 + 2")
    #expect(run.output == "42\n")
    #expect(run.status == 0)
  }

  @Test func staysAtThePromptAfterwards() throws {
    let run = try Binary.run("-e", "local x = 20", "-i", input: "x + 1\nx +\n2\n")
    #expect(run.output == "21\n22\n")
    #expect(run.error == "")
    #expect(run.status == 0)
  }

  @Test func aPipeGetsValuesWithoutPrompts() throws {
    let run = try Binary.run(input: "local t = { 1, x = '你好' }\nt\nt.y.z\nnil\n")
    #expect(run.output == "{ 1, x = \"你好\" }\nnil\n")
    #expect(
      run.error == """
        input 3:1: attempt to index a nil value (field 'y')
          1 | t.y.z

        """)
    #expect(run.status == 1)
  }

  @Test func anErrorShowsTheUsersCodeAlone() throws {
    let folder = try TemporaryFolder()
    let source = """
      local yy = require "yuyan"
      local function inner(path) return yy.model.load(path) end
      local function outer() local ok = inner "nowhere" return ok end
      outer()

      """
    try folder.write("script.lua", source)
    let run = try Binary.run("script.lua", in: folder.path)
    #expect(run.output == "")
    #expect(
      run.error == """
        yuyan: script.lua:2: nowhere: no such file or folder
          2 | local function inner(path) return yy.model.load(path) end
        stack traceback:
          [C]: in function 'yuyan.model.load'
          script.lua:2: in upvalue 'inner'
          script.lua:3: in local 'outer'
          script.lua:4: in main chunk

        """)
    #expect(run.status == 1)
  }

  @Test(
    "syntax errors are told for what was meant",
    arguments: [
      ("1 +", "unexpected symbol near <eof>"), ("x = = 3", "unexpected symbol near '='"),
      ("foo bar", "syntax error near 'bar'"), ("{ 1, 2", "'}' expected near <eof>"),
      ("local 猫 = 1", "<name> expected near '猫' (names are ASCII letters, digits and _; text needs quotes)"),
    ])
  func syntax(_ source: String, _ words: String) throws {
    let run = try Binary.run("-e", source)
    #expect(run.error == "yuyan: (command line):1: \(words)\n  1 | \(source)\n")
    #expect(run.status == 1)
  }

  @Test func errorValuesAreShown() throws {
    let run = try Binary.run("-e", "error({ code = 3 }, 0)")
    #expect(run.error.hasPrefix("yuyan: (error object is a table value): { code = 3 }\n"))
    #expect(try Binary.run("-e", "print(nil) os.exit(3)").status == 3)
  }

  @Test(
    "wrong usage has status 2 and names the nearest",
    arguments: [
      (["doktor"], "no command and no file is called 'doktor'; did you mean 'doctor'?"),
      (["--verson"], "unknown option '--verson'; did you mean '--version'?"),
      (["-e"], "-e needs code after it"),
    ])
  func usage(_ arguments: [String], _ words: String) throws {
    let run = try Binary(arguments).wait()
    #expect(run.error == "yuyan: \(words)\n`yuyan --help` shows the commands\n")
    #expect(run.status == 2)
  }

  @Test func aMissingScriptIsNamed() throws {
    let run = try Binary.run("nowhere.lua", in: "/tmp")
    #expect(run.error == "yuyan: nowhere.lua: no such file or folder\n")
    #expect(run.status == 1)
  }
}
