import Scripting
import Testing

/// Which changes of a function a saved run notices.
@Suite struct FingerprintTests {
  private func fingerprint(_ code: String) throws -> String {
    let lua = try Interpreter()
    return try lua.load(code, name: "test").call(returning: LuaCallback.self).fingerprint()
  }

  private func same(_ a: String, _ b: String) throws -> Bool { try fingerprint(a) == fingerprint(b) }

  @Test func codeAndCapturedValuesCount() throws {
    #expect(try same("return function(n) return n end", "return function(m) --[[why]] return m end"))
    #expect(try !same("return function(n) return n end", "return function(n) return n + 1 end"))
    #expect(
      try !same("local r = 1 return function() return r end", "local r = 2 return function() return r end"))
  }

  @Test func capturedTablesCountByWhatTheyHold() throws {
    func rates(_ table: String) -> String { "local rates = \(table) return function(n) return rates[n] end" }
    #expect(
      try same(rates("{ a = 1, b = { 2, 3 }, [7] = 'x' }"), rates("{ [7] = 'x', b = { 2, 3 }, a = 1 }")))
    #expect(try !same(rates("{ a = 1 }"), rates("{ a = 2 }")))
    #expect(try !same(rates("{ a = 1 }"), rates("{ b = 1 }")))
    #expect(try !same(rates("{ b = { 2, 3 } }"), rates("{ b = { 2, 4 } }")))
    #expect(try !same(rates("{ 'ab', 'c' }"), rates("{ 'a', 'bc' }")))
    let cycle = "local t = { 1 } t.self = t t.other = { t } return function() return t end"
    #expect(try same(cycle, cycle))
  }

  @Test func whatElseAProgramHasLoadedDoesNotCount() throws {
    #expect(
      try same(
        "local m = math return function(n) return m.cos(n) + x end",
        "local m = math m.more = 1 x = 4 return function(n) return m.cos(n) + x end"))
    #expect(
      try same(
        "local o = setmetatable({ 1 }, {}) return function() return o end",
        "local o = setmetatable({ 2 }, {}) return function() return o end"))
  }
}
