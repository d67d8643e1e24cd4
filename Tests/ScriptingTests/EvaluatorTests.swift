import Files
import OrderedCollections
import Testing

@testable import Scripting

/// Output and displays of an evaluator under test, as text.
final class RecordingSink: OutputSink {
  var text = ""
  func write(_ bytes: [UInt8], to stream: OutputStream) { text += String(decoding: bytes, as: UTF8.self) }
  func display(_ display: DisplayData) { text += display.plainText }
}

/// A session whose inputs are numbered from 1.
final class TestSession {
  let evaluator: Evaluator
  let sink = RecordingSink()
  private var count = 0

  init() throws {
    evaluator = try Evaluator(try Interpreter())
    try evaluator.capture(into: sink)
  }

  /// The value shown, or nil.
  @discardableResult func run(_ source: String) throws -> String? {
    count += 1
    return try evaluator.evaluate(source, name: "cell \(count)")?.plainText
  }

  /// The failure of an input that must fail.
  func failure(_ source: String) -> EvaluationFailure? {
    do {
      try run(source)
      return nil
    } catch {
      return error as? EvaluationFailure
    }
  }
}

@Suite struct EvaluatorTests {
  /// Cells, which must print what their concatenation prints as one script.
  static let sequences: [[String]] = [
    ["local x = 1", "print(x)", "x = x + 1", "print(x)"],
    ["local x = 1 local function get() return x end", "x = 7", "print(get(), x)"],
    ["local x = 1 function get() return x end", "local x = 2", "print(x, get())", "x = 3 print(x, get())"],
    ["local a, b, c = (function() return 1, 2 end)()", "print(a, b, c)"],
    ["local function fact(n) return n < 2 and 1 or n * fact(n - 1) end", "print(fact(10))"],
    ["local x <const> = 5", "print(x)", "local function f() return x end print(f())"],
    [
      "local t = {}", "for i = 1, 3 do local i = i * 2 t[#t + 1] = function() i = i + 1 return i end end",
      "print(t[1](), t[1](), t[2](), t[3]())",
    ],
    ["do local x = 1 y = x end", "print(x, y)"],
    ["local i = 0\n::top::\nlocal v = i\ni = i + 1\nif i < 3 then goto top end", "print(i, v)"],
    ["local s = 'a'", "local s = s .. 'b'", "local s = s .. 'c' print(s)"],
    ["x = 1", "local x = 2", "print(x, _G.x)"],
    ["local a = 1; local b = a + 1; print(b)", "a, b = b, a", "print(a, b)"],
    ["local n = 0", "local function inc() n = n + 1 return n end", "inc() inc()", "print(n)"],
    ["local t = { x = 1 }", "t.x = 2 t.y = { t.x }", "print(t.x, t.y[1], #t.y)"],
    ["local _ENV = { print = print }", "x = 5", "print(x, _ENV.x)"],
    ["local a <const>, b = 1, 2", "b = a + b", "print(a, b)"],
    ["local f = function(...) return select('#', ...), ... end", "print(f(1, nil, 3))"],
    ["local x = 1 repeat local x = x + 1 until x == 2", "print(x)"],
    [
      "local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)", "print(co(), co())",
      "print(co())",
    ],
    ["local x\nlocal y = 2", "x = y", "print(x, y)"],
    ["local x (print)('called')", "print(x)"],
    ["local mt = setmetatable({}, { __index = function(_, k) return k .. '!' end })", "print(mt.abc)"],
    ["local s = [[\nlocal no = 1\n]]", "print(#s, no)"],
    ["-- local c = 1\n--[[ local d = 2 ]]", "print(c, d)"],
    ["local x = 0x1p4 local y = 3e-2 local z = .5", "print(x, y, z)"],
    ["local a = 1", "local b = function() a = a + 1 return a end", "local a = 10", "print(a, b(), b(), a)"],
  ]

  @Test(arguments: sequences)
  func cellsDoWhatTheirConcatenationDoes(_ cells: [String]) throws {
    let session = try TestSession()
    for cell in cells { try session.run(cell + ";") }
    let script = try TestSession()
    try script.evaluator.runScript(
      Array(cells.joined(separator: "\n").utf8), path: "script.lua", arguments: [])
    #expect(session.sink.text == script.sink.text)
    #expect(!session.sink.text.isEmpty)
  }

  @Test func aReturnEndsItsCellAndShows() throws {
    let session = try TestSession()
    #expect(try session.run("local x = 3 if x > 2 then return x, 'big' end print 'never'") == "3\tbig")
    #expect(try session.run("x") == "3")
    #expect(session.sink.text == "")
  }

  @Test func localsSetBeforeAnErrorStay() throws {
    let session = try TestSession()
    #expect(
      session.failure("local a = 1\nlocal f = function() return a end\nerror('no')\nlocal b = 2") != nil)
    #expect(try session.run("a = a + 1; return f(), b") == "2\tnil")
  }

  @Test(
    arguments: [
      ("1 + 1", "2"), ("1 + 1;", nil), ("x = 5\n-3", nil), ("local t = {}\n#t", "0"), ("'a', 2", "a\t2"),
      ("-- nothing", nil), ("", nil), ("return", nil), ("nil", "nil"), ("(function() end)()", nil),
      ("#!/usr/bin/env yuyan\n7", "7"), ("function() end", .some("function")), ("...", nil),
      ("2 -- two ; three", "2"),
      ("2 ; ; -- quiet", nil), ("string.rep('a', 3)", "aaa"), ("if true then end\n'x'", "x"),
      ("local a = 4\na", "4"), ("not true", "false"), ("a.b", "error"),
    ] as [(String, String?)])
  func lastExpressionsAreShown(_ source: String, _ shown: String?) throws {
    let session = try TestSession()
    if shown == "error" {
      #expect(session.failure(source) != nil)
    } else if shown == "function" {
      #expect(try session.run(source)?.hasPrefix("function: ") == true)
    } else {
      #expect(try session.run(source) == shown)
    }
    #expect(try session.run("x") == (source.hasPrefix("x = 5") ? "2" : "nil"))
  }

  @Test func constantsOfEarlierCellsCannotBeAssigned() throws {
    let session = try TestSession()
    try session.run("local limit <const> = 3")
    #expect(
      session.failure("\nlimit = 4")?.report == [
        "cell 2:2: attempt to assign to const variable 'limit'", "  2 | limit = 4",
      ])
    #expect(try session.run("limit") == "3")
  }

  @Test func closeVariablesAreClosedWhenTheSessionEnds() throws {
    let session = try TestSession()
    try session.run(
      "local function mark(n) return setmetatable({}, { __close = function() print('closed', n) end }) end")
    try session.run("local a <close> = mark(1)\nlocal b <close> = mark(2)")
    try session.run("print('open')")
    #expect(session.evaluator.finish() == [])
    #expect(session.sink.text == "open\nclosed\t2\nclosed\t1\n")
    #expect(
      session.failure("local c <close> = 42")?.message == "cell 4:1: variable 'c' got a non-closable value")
  }

  @Test func thousandsOfLocals() throws {
    let session = try TestSession()
    try session.run((1...1000).map { "local v\($0) = \($0)" }.joined(separator: "\n"))
    for cell in 0..<20 {
      try session.run((1...100).map { "local w\(cell * 100 + $0) = \($0)" }.joined(separator: " "))
    }
    let sum = (1...1000).map { "v\($0)" }.joined(separator: " + ")
    #expect(try session.run(sum) == "500500")
    #expect(try session.run("v1, v1000, w2000 = 0, -1, -2; return v1 + v1000 + w2000") == "-3")
    try session.run((1...300).map { "v\($0) = 1" }.joined(separator: "\n"))
    #expect(try session.run((1...300).map { "v\($0)" }.joined(separator: " + ")) == "300")
  }

  @Test func messagesCarryPlaceLineAndTraceback() throws {
    let session = try TestSession()
    try session.run("local x = nil")
    #expect(
      session.failure("print(1)\nlocal y = x.field")?.report == [
        "cell 2:2: attempt to index a nil value (local 'x')", "  2 | local y = x.field",
      ])
    #expect(
      session.failure("local function f()\n  error('deep')\nend\nlocal function g() f() end\ng()")?.report
        == [
          "cell 3:2: deep", "  2 |   error('deep')", "stack traceback:", "  [C]: in function 'error'",
          "  cell 3:2: in upvalue 'f'", "  cell 3:4: in local 'g'", "  cell 3:5: in main chunk",
        ])
    #expect(
      session.failure("prnt(1)")?.message
        == "cell 4:1: attempt to call a nil value (global 'prnt'); did you mean 'print'?")
    #expect(
      session.failure("local = 1")?.report == ["cell 5:1: <name> expected near '='", "  1 | local = 1"])
    #expect(session.failure("error('bare', 0)")?.message == "bare")
    #expect(session.failure("error('caller', 2)")?.message == "caller")
    #expect(session.failure("error()")?.message == "nil")
    #expect(session.failure("error({})")?.message == "(error object is a table value)")
    #expect(
      session.failure("error(setmetatable({}, { __tostring = function() return 'mine' end }))")?.message
        == "mine")
  }

  @Test func disastersAreSurvived() throws {
    let session = try TestSession()
    #expect(
      session.failure("local function f() return 1 + f() end f()")?.message.contains("stack overflow") == true
    )
    #expect(
      session.failure("string.rep('x', 1 << 40)")?.message.contains("not enough memory") == true
        || session.failure("string.rep('x', 1 << 62)") != nil)
    #expect(
      session.failure("setmetatable({}, { __gc = function() error 'gc' end }) collectgarbage() error 'x'")
        != nil)
    #expect(
      session.failure("coroutine.wrap(function() error('in co') end)()")?.message.hasSuffix("in co") == true)
    #expect(try session.run("1") == "1")
  }

  @Test func nothingDependsOnGlobals() throws {
    let session = try TestSession()
    try session.run("tostring, print2, type, pcall, error, select, load, string, table, debug = nil, print")
    try session.run("print2(1, nil, true)")
    #expect(session.sink.text == "1\tnil\ttrue\n")
    #expect(try session.run("local a = 5\na, nil") == "5\tnil")
    #expect(session.failure("nope()")?.message == "cell 4:1: attempt to call a nil value (global 'nope')")
  }

  @Test func writesGoToTheRunningCell() throws {
    let session = try TestSession()
    try session.run(
      "io.write('a', 1, 2.5, '\\n'):write('b\\n') io.stdout:write('c\\n') io.stderr:write('d\\n')")
    #expect(session.sink.text == "a12.5\nb\nc\nd\n")
    #expect(
      session.failure("io.write({})")?.message
        == "cell 2:1: bad argument #1 to 'write' (string expected, got table)")
  }

  @Test func displaysAreMIMETables() throws {
    let session = try TestSession()
    let source = """
      local Picture = { __display = function(p) return {
        ["image/svg+xml"] = "<svg/>", ["application/json"] = { 1, { a = true } } } end, __tostring = function() return "picture" end }
      return setmetatable({}, Picture)
      """
    let display = try session.evaluator.evaluate(source, name: "cell 1")
    #expect(display?.data["text/plain"] == "picture")
    #expect(display?.data["image/svg+xml"] == "<svg/>")
    #expect(display?.data["application/json"] == [1, ["a": true]])
  }

  @Test(arguments: [
    ("x = 1", Completeness.complete), ("1 +", .incomplete), ("{1,2,", .incomplete), ("x = \"abc", .invalid),
    ("for i = 1, 3 do", .incomplete), ("function f()", .incomplete), ("if x then", .incomplete),
    ("break", .invalid),
    ("goto nowhere", .invalid), ("x = [[abc", .incomplete), ("--[[ abc", .incomplete), ("end", .invalid),
    ("f(", .incomplete), ("", .complete), ("-- c", .complete), ("local a = 1\na +", .incomplete),
    ("x = = 1", .invalid),
    ("return", .complete), ("local", .incomplete), ("foo.", .incomplete), ("'abc", .invalid),
    ("1 1", .invalid),
    ("x = {\n  1,\n  2,", .incomplete), ("repeat", .incomplete), ("a and", .incomplete), ("t.x", .complete),
  ])
  func completeness(_ source: String, _ expected: Completeness) throws {
    #expect(try TestSession().evaluator.completeness(of: source) == expected)
  }

  @Test func scriptsAreOnePlainChunk() throws {
    let session = try TestSession()
    let script = "#!/usr/bin/env yuyan\nprint(arg[0], arg[1], ...)\nlocal x = nil\nx()"
    do {
      try session.evaluator.runScript(Array(script.utf8), path: "a/s.lua", arguments: ["one", "two"])
      Issue.record("the script must fail")
    } catch let failure as EvaluationFailure {
      #expect(failure.report == ["a/s.lua:4: attempt to call a nil value (local 'x')", "  4 | x()"])
    }
    #expect(session.sink.text == "a/s.lua\tone\tone\ttwo\n")
  }
}
