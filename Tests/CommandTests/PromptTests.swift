import Files
import Glibc
import TestSupport
import Testing

@Suite struct PromptTests {
  @Test func valuesArePrinted() throws {
    let prompt = try Terminal(home: TemporaryFolder())
    try prompt.expect("help(yy) tells what there is; Ctrl-D leaves.\n> ")
    prompt.type("1 + 1, 'x'\r")
    try prompt.expect("\n2\tx\n> ")
    prompt.type("local t = { 1, 名 = 1 }\r")
    try prompt.expect("near '名' (names are ASCII letters, digits and _; text needs quotes)\n")
    prompt.type("local t = { '你好', { a = 1 } }\rt\r")
    try prompt.expect("{ \"你好\", { a = 1 } }\n> ")
    prompt.type("t = 5;\rt\r")
    try prompt.expect("\n5\n> ")
    prompt.type("error { code = 3 }\r")
    try prompt.expect("(error object is a table value): { code = 3 }\n")
    try prompt.expect("\n> ")
    prompt.type("\u{04}")
    #expect(try prompt.wait() == 0)
  }

  @Test func inputsOfSeveralLinesAreOneEntryOfTheHistory() throws {
    let home = try TemporaryFolder()
    let prompt = try Terminal(home: home)
    try prompt.expect("> ")
    prompt.type("function f(x)\r")
    try prompt.expect(">> ")
    prompt.type("return x * 2\r")
    try prompt.expect(">> ")
    prompt.type("end\r")
    try prompt.expect("> ")
    prompt.type("f(21)\r")
    try prompt.expect("\n42\n> ")
    prompt.type("\u{04}")
    #expect(try prompt.wait() == 0)
    let again = try Terminal(home: home)
    try again.expect("> ")
    again.type("\u{1B}[A\u{1B}[A\r")
    try again.expect("return x * 2")
    again.type("f(4)\r")
    try again.expect("\n8\n> ")
    again.type("\u{04}")
    #expect(try again.wait() == 0)
    let history = String(
      decoding: try FileSystem.read(home.file(".local/state/yuyan/history")), as: UTF8.self)
    #expect(history.contains("function f(x)\nreturn x * 2\nend\n"))
  }

  @Test func aPasteOfSeveralLinesIsOneInput() throws {
    let prompt = try Terminal(home: TemporaryFolder())
    try prompt.expect("> ")
    prompt.type("\u{1B}[200~--- Doubles 数.\nlocal function g(x)\n  return x * 2\nend\ng(8)\u{1B}[201~\r")
    try prompt.expect("\n16\n> ")
    prompt.type("help(g)\r")
    try prompt.expect("Doubles 数.\n")
    prompt.type("\u{04}")
    #expect(try prompt.wait() == 0)
  }

  @Test func controlCGivesThePromptBack() throws {
    let prompt = try Terminal(home: TemporaryFolder())
    try prompt.expect("> ")
    prompt.type("half a line\u{03}")
    try prompt.expect("^C\n> ")
    for (name, code) in [
      ("a loop", "while true do end"), ("caught errors", "while true do pcall(error) end"),
      ("a child", "os.execute 'sleep 9'"),
    ] {
      prompt.type("print('started') \(code)\r")
      try prompt.expect("\nstarted\n")
      usleep(100_000)
      prompt.type("\u{03}")
      let seconds = try prompt.expect("interrupted\n> ")
      print("prompt: \(name) gave it back after \(Int(seconds * 1000)) ms")
      #expect(seconds < 1)
    }
    prompt.type("'still ' .. 'here'\r")
    try prompt.expect("still here\n> ")
    prompt.type("os.exit(3)\r")
    #expect(try prompt.wait() == 3)
  }

  @Test func controlCStopsAnAnswerOfTheChat() throws {
    let sample = try Sample.shared.get()
    let chat = try Terminal(["chat", sample.model], home: TemporaryFolder())
    try chat.expect("Empty line or Ctrl-D ends, Ctrl-C stops an answer, /reset forgets what was said.\n> ")
    chat.type("你好\r")
    try chat.expect("你好\n")
    usleep(20_000)
    chat.type("\u{03}")
    try chat.expect("\n> ")
    chat.type("/reset\r")
    try chat.expect("/reset\n> ")
    chat.type("\u{04}")
    #expect(try chat.wait() == 0)
  }

  @Test func helpFitsTheScreen() throws {
    let prompt = try Terminal(home: TemporaryFolder())
    try prompt.expect("> ")
    prompt.type("help(yy.data.pack)\r")
    try prompt.expect("data.pack(documents, options) -> rows\n")
    prompt.type("help(yy)\r")
    try prompt.expect("  yuyan.tokenizer ")
    try prompt.expect("\n> ")
    #expect(prompt.screen.split(separator: "\n").allSatisfy { $0.count <= 80 })
    prompt.type("yy.dta\r")
    try prompt.expect("yy has no member 'dta'; did you mean 'data'?\n")
    try prompt.expect("\n> ")
    prompt.type("\u{04}")
    #expect(try prompt.wait() == 0)
  }

  @Test func aDumbTerminalHasPlainLines() throws {
    let prompt = try Terminal(home: TemporaryFolder(), kind: "dumb")
    try prompt.expect("> ")
    prompt.type("1 + 1\n")
    try prompt.expect("\n2\n> ")
    prompt.type("while true do end\n")
    usleep(200_000)
    prompt.type("\u{03}")
    try prompt.expect("interrupted\n> ")
    prompt.type("\u{04}")
    #expect(try prompt.wait() == 0)
  }
}
