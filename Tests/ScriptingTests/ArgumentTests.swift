import Scripting
import Testing

@Suite struct ArgumentTests {
  @Test(
    "messages name the place, the argument and what came",
    arguments: [
      ("demo.scale('x')", "test.lua:1: bad argument #1 'x' to 'demo.scale' (number expected, got string)"),
      ("demo.scale()", "test.lua:1: bad argument #1 'x' to 'demo.scale' (number expected, got no value)"),
      (
        "\n\ndemo.scale(1, {})",
        "test.lua:3: bad argument #2 'by' to 'demo.scale' (number expected, got table)"
      ),
      ("demo.nop(1)", "test.lua:1: too many arguments to 'demo.nop' (at most 0, got 1)"),
      (
        "demo.generate('a', { max_token = 1 })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (unknown option 'max_token'; did you mean 'max_tokens'?)"
      ),
      (
        "demo.generate('a', { reduction = 1 })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (option 'reduction': 'mean'|'sum'|'none' expected, got number)"
      ),
      (
        "demo.generate('a', { reduction = 'men' })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (option 'reduction': 'mean'|'sum'|'none' expected, got 'men'; did you mean 'mean'?)"
      ),
      (
        "demo.generate('a', { inner = { decay = 'x' } })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (option 'inner': option 'decay': number expected, got string)"
      ),
      (
        "demo.generate('a', { rate = true })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (option 'rate': number or function expected, got boolean)"
      ),
      (
        "demo.generate('a', { stops = { 'a', 2 } })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (option 'stops': element 2: string expected, got number)"
      ),
      (
        "demo.generate('a', { max_tokens = 0 })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (option 'max_tokens': at least 1 expected, got 0)"
      ),
      (
        "demo.generate('a', { 'b' })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (unexpected element [1])"
      ),
      (
        "demo.generate('a', { max_tokens = 1.5 })",
        "test.lua:1: bad argument #2 'options' to 'demo.generate' (option 'max_tokens': integer expected, got 1.5)"
      ),
      (
        "demo.generate('\\xff')",
        "test.lua:1: bad argument #1 'prompt' to 'demo.generate' (text in UTF-8 expected, byte 1 is not)"
      ),
      (
        "demo.generate('a', { rate = function(s) return nil end })",
        "test.lua:1: function 'rate' (test.lua:1) must return a number, got nil"
      ),
      (
        "demo.counter(2^40)",
        "test.lua:1: bad argument #1 'start' to 'demo.counter' (integer from -2147483648 to 2147483647 expected, got 1099511627776)"
      ),
      (
        "demo.mix { seed = 1 }",
        "test.lua:1: bad argument #1 'options' to 'demo.mix' (at least one of 'parts' is required)"
      ),
      (
        "demo.mix { { demo(1) } }",
        "test.lua:1: bad argument #1 'options' to 'demo.mix' (option 'seed' is required)"
      ),
      (
        "demo.mix { { weight = 1 }, seed = 1 }",
        "test.lua:1: bad argument #1 'options' to 'demo.mix' (element 1: element 1 ('counter') is required)"
      ),
      ("demo.mix()", "test.lua:1: bad argument #1 'options' to 'demo.mix' (table expected, got no value)"),
      ("demo(1):add('x')", "test.lua:1: bad argument #1 'n' to 'Counter:add' (integer expected, got string)"),
      (
        "demo(1).add(2)",
        "test.lua:1: bad self in 'Counter:add' (Counter expected, got number; methods are called with a colon, 'x:f()')"
      ),
      ("demo(1):ad(2)", "test.lua:1: Counter has no member 'ad'; did you mean 'add'?"),
      ("demo.scael(2)", "test.lua:1: module 'demo' has no member 'scael'; did you mean 'scale'?"),
      ("demo(1).count = 2", "test.lua:1: 'count' of Counter is read-only"),
      (
        "demo(1).limit = 'x'",
        "test.lua:1: bad argument #1 'limit' to 'Counter.limit' (integer expected, got string)"
      ),
      (
        "demo(1):fail(7)",
        "test.lua:1: bad argument #1 'weight' to 'Counter:fail' (shape [1] expected, got [7])"
      ),
      ("demo.plain()", "test.lua:1: a.txt: no such file"),
      (
        "return demo(1) + 'x'",
        "test.lua:1: bad argument #2 'right' to 'Counter:__add' (Counter or integer expected, got string)"
      ),
      (
        "local c = demo(1) c:free() c:add(1)",
        "test.lua:1: bad self in 'Counter:add' (Counter expected, got a Counter that has been freed)"
      ),
    ])
  func message(_ source: String, _ expected: String) throws {
    try withLua { (lua) throws in #expect(try lua.message(source) == expected) }
  }

  @Test(
    "values come through",
    arguments: [
      ("return demo.scale(2), demo.scale(2, 3), demo.scale(2, nil)", "4.0 6.0 4.0"),
      ("return demo.generate('a')", "a 128 mean 0.5 0.01"),
      (
        "return demo.generate('a', { max_tokens = 3, reduction = 'sum', rate = function(n) return n * 2 end, inner = { decay = 1 } })",
        "a 3 sum 2.0 1.0"
      ),
      ("return demo.mix { { demo(2), weight = 0.5 }, { demo(3) }, seed = 1 }", "4.0"),
      ("return demo.sum(), demo.sum(1, 2, 3)", "0.0 6.0"),
      ("local a, b = demo.halves { 1, 2, 3 } return #a, b[1], b[2]", "1 2 3"),
      ("return demo.bytes('\\xff\\0')", "2"),
      ("return demo.version, demo(3).count, tostring(demo)", "1.0 3 module 'demo'"),
      (
        "local c = demo(1) return c:add(), c:add(3), c(2), #c, c[2], c[99], tostring(c)",
        "2 5 7 7 20 nil Counter at 7"
      ),
      ("local c = demo(3) local s = '' for n in c:stream() do s = s .. n end return s", "321"),
      ("local c, s = demo(3), 0 c:each(function(n) s = s + n end) return s", "6"),
      ("local c = demo(1) c.limit = 5 local old = c.limit c.limit = nil return old, c.limit", "5 nil"),
      (
        "return (demo(1) + 2).count, (2 + demo(1)).count, (demo(1) + demo(1)).count, (-demo(4)).count",
        "3 3 2 -4"
      ),
      ("return demo.apply(function(...) return ... end, 1, nil, 'x')", "1 nil x"),
      ("local c = demo(1) return c == c, c == demo(1), getmetatable(c)", "true false Counter"),
    ])
  func values(_ source: String, _ expected: String) throws {
    try withLua { (lua) throws in #expect(try lua.eval(source) == expected) }
  }

  @Test func namesTheNearest() {
    #expect(nearest(to: "max_token", among: ["max_tokens", "top_p"]) == "max_tokens")
    #expect(nearest(to: "laod", among: ["load", "save"]) == "load")
    #expect(nearest(to: "x", among: ["load", "save"]) == nil)
  }
}
