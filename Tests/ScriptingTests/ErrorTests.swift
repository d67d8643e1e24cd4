import Scripting
import Testing

@Suite struct ErrorTests {
  @Test func callbackErrorKeepsItsValue() throws {
    try withLua { (lua) throws in
      let source = """
        local value = {}
        local ok, caught = pcall(demo.apply, function() error(value) end)
        local none, gone = pcall(demo.apply, function() error() end)
        return ok, caught == value, none, gone
        """
      #expect(try lua.eval(source) == "false true false nil")
      #expect(try lua.message("demo.apply(function() error('x', 0) end)") == "x")
      #expect(try lua.message("error({})") == "(error object is a table value)")
      #expect(
        try lua.message("error(setmetatable({}, { __tostring = function() return 'mine' end }))") == "mine")
      #expect(try lua.message("error()") == "nil")
    }
  }

  @Test func callbackErrorKeepsItsTraceback() throws {
    try withLua { (lua) throws in
      let error = try #require(throws: LuaError.self) {
        try lua.run(
          "local function inner() error('deep') end\nlocal function outer() demo.apply(inner) end\nouter()",
          name: "@test.lua")
      }
      #expect(error.message == "test.lua:1: deep")
      #expect(
        error.traceback.contains("in upvalue 'inner'") || error.traceback.contains("in function <test.lua:1>")
      )
      #expect(error.traceback.contains("'outer'"))
    }
  }

  @Test func coroutineErrorKeepsItsTraceback() throws {
    try withLua { (lua) throws in
      let error = try #require(throws: LuaError.self) {
        try lua.run(
          "local f = coroutine.wrap(function()\n  demo.scale('x')\nend)\nf()", name: "@test.lua")
      }
      let message =
        "test.lua:4: test.lua:2: bad argument #1 'x' to 'demo.scale' (number expected, got string)"
      #expect(error.message == message)
      #expect(error.traceback.contains("test.lua:2: in function <test.lua:1>"))
      #expect(error.traceback.contains("test.lua:4: in main chunk"))
    }
  }

  @Test(
    "errors from any depth are ordinary Lua errors",
    arguments: [
      ("return pcall(function() return demo(1) + {} end)", "false"),
      ("return coroutine.resume(coroutine.create(function() demo.scale({}) end))", "false"),
      ("return pcall(demo.apply, demo.apply, demo.apply, demo.plain)", "false"),
      (
        "local t = setmetatable({}, { __index = function(_, k) demo.scale(k) end }) return pcall(function() return t.x end)",
        "false"
      ),
      ("local function f() return f() + 1 end return pcall(f)", "false"),
      ("local function f() return demo.apply(f) end return pcall(f)", "false"),
      ("local function f(s) return s:gsub('.', f) end return pcall(f, 'x')", "false"),
      ("local co = coroutine.wrap(function() demo.apply(coroutine.yield) end) return pcall(co)", "false"),
      ("return pcall(string.rep, 'x', 1 << 40)", "false"),
      ("return xpcall(demo.plain, function(m) error(m) end)", "false"),
      (
        "local t <close> = setmetatable({}, { __close = function() pcall(demo.plain) end }) return pcall(demo.plain)",
        "false"
      ),
    ])
  func anyDepth(_ source: String, _ expected: String) throws {
    try withLua { (lua) throws in
      #expect(try lua.eval("return tostring(({ (function() \(source) end)() })[1])") == expected)
      #expect(try lua.eval("return demo.scale(1)") == "2.0")
    }
  }

  @Test func finalizerErrorIsAWarning() throws {
    try withLua { (lua) throws in
      var warnings: [String] = []
      lua.onWarning = { warnings.append($0) }
      try lua.run("setmetatable({}, { __gc = function() demo.plain() end })", name: "@test.lua")
      lua.collectGarbage()
      #expect(
        warnings == ["error in __gc"] || warnings == ["error in __gc (test.lua:1: a.txt: no such file)"]
          || warnings == ["error in __gc (a.txt: no such file)"], "\(warnings)")
    }
  }

  @Test func manyFailuresDoNotGrow() throws {
    try withLua { (lua) throws in
      let loop = "for i = 1, 100000 do pcall(demo.scale, 'x') pcall(demo.apply, demo.plain) end"
      try lua.run("for i = 1, 1000 do pcall(demo.scale, 'x') pcall(demo.apply, demo.plain) end")
      lua.collectGarbage()
      let (objects, bytes) = (lua.liveObjects, lua.usedBytes)
      try lua.run(loop)
      lua.collectGarbage()
      #expect(lua.liveObjects == objects)
      #expect(lua.usedBytes < bytes + 20_000)
      #expect(lua.state.top == 0)
    }
  }

  @Test func luaOutOfMemory() throws {
    try withLua { (lua) throws in
      lua.limitMemory(to: lua.usedBytes + 2_000_000)
      let error = try #require(throws: LuaError.self) {
        try lua.run("local t = {} for i = 1, 1e8 do t[i] = i end")
      }
      #expect(error.kind == .memory)
      #expect(error.message == "not enough memory")
      #expect(try lua.message("return demo.apply(string.rep, 'x', 10000000)") == "not enough memory")
      #expect(throws: LuaError.self) { try lua.state.push(String(repeating: "x", count: 10_000_000)) }
      lua.state.top = 0
      #expect(try lua.eval("local n = 0 for i = 1, 1000 do n = n + #demo(i) end return n") == "500500")
    }
  }

  @Test("every point of failure for lack of memory is survived")
  func memoryFailsAnywhere() throws {
    try withLua { (lua) throws in
      let used = lua.usedBytes
      for extra in stride(from: 0, to: 6000, by: 16) {
        lua.limitMemory(to: used + extra)
        _ = try? lua.eval(
          "local c = demo(2) c.limit = 3 return tostring(c + 1), demo.generate('abc', { max_tokens = 2 })")
        lua.state.top = 0
        lua.limitMemory(to: 0)
        lua.collectGarbage()
      }
      #expect(try lua.eval("return #demo(2)") == "2")
    }
  }

  @Test func syntaxErrorHasItsKind() throws {
    try withLua { (lua) throws in
      let error = try #require(throws: LuaError.self) { try lua.run("x = = 1", name: "@test.lua") }
      #expect(error.kind == .syntax)
      #expect(error.message == "test.lua:1: unexpected symbol near '='")
    }
  }

  @Test func referencesOutliveTheirInterpreter() throws {
    let lua = try Interpreter()
    let values = try lua.run("return {}, print")
    #expect(lua.close() == 0)
    let message = "the Lua state of this value has been closed"
    let error = try #require(throws: LuaError.self) { _ = try values[0].referenceValue?.text() }
    #expect(error.message == message)
  }
}
