import Foundation
import Scripting
import Testing

/// The Lua files that the host needs, run from the source tree.
@Suite struct StdlibTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("stdlib").path

  private func withLibrary(_ body: (Interpreter) throws -> Void) throws {
    try withLua { (lua) throws in
      try lua.openLibrary(in: Self.folder)
      try body(lua)
    }
  }

  @Test(
    "values print readably",
    arguments: [
      (
        "{ 1, 2, x = 'a', ['b c'] = { true }, ['end'] = 1 }",
        #"{ 1, 2, ["b c"] = { true }, ["end"] = 1, x = "a" }"#
      ),
      ("{}", "{}"), ("'你\\n'", #""你\n""#), ("'\\xff'", #""\xFF""#), ("1.5", "1.5"),
      ("{ 1/0, 0.0 }", "{ inf, 0.0 }"),
      ("{ { { { { { { 1 } } } } } } }", "{ { { { { { {...} } } } } } }"), ("{ demo(3) }", "{ Counter at 3 }"),
      ("('x'):rep(201)", "\"" + String(repeating: "x", count: 200) + "\" ... (201 characters)"),
      ("(function() local t = { 1 } t.t = t return t end)()", "{ 1, t = <cycle> }"),
      (
        "(function() local t = {} for i = 1, 60 do t[i] = i end return t end)()",
        """
        {
          1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
          23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
          42, 43, 44, 45, 46, 47, 48, 49, 50, ... (10 more)
        }
        """
      ),
    ])
  func pretty(_ source: String, _ expected: String) throws {
    try withLibrary { (lua) throws in
      #expect(
        try lua.eval("local pretty = yy.pretty tostring, type = nil, nil return pretty.format(\(source))")
          == expected)
    }
  }

  @Test func partsAreLoadedWhenAskedFor() throws {
    try withLibrary { (lua) throws in
      #expect(
        try lua.eval("return rawget(yy, 'demo'), yy.demo.scale(1), yy.demo == require 'yuyan.demo'")
          == "nil 2.0 true")
      #expect(
        try lua.message("return yy.demmo") == "test.lua:1: yy has no member 'demmo'; did you mean 'demo'?")
      #expect(try lua.eval("return require 'yuyan' == yy, tostring(yy)") == "true yuyan")
    }
  }
}
