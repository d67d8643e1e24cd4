import Testing

@testable import Scripting

@Suite struct CellRewriterTests {
  private func text(_ source: String, _ known: [String: Bool] = [:]) -> String {
    CellRewriter.program(for: source) { known[$0] }.pieces
      .map { String(decoding: $0.source, as: UTF8.self) }.joined(separator: "\n----\n")
  }

  @Test func localsAreHandedToTheSessionBehindTheirDeclaration() {
    #expect(
      text("local a, b = 1, 2\nlocal function f() end")
        == """
        local _cell = ... return function(...) local a, b = 1, 2 _cell.keep(function() return a,b end);
        local function f() end _cell.keep(function() return f end);
        end
        """)
  }

  @Test func attributesBecomeConstants() {
    #expect(
      text("local x <const>, y <close> = 1, f()")
        == """
        local _cell = ... return function(...) local x <const>, y <const> = 1, f() \
        _cell.constant("x",x); _cell.close("y",y);
        end
        """)
  }

  @Test func namesOfOtherCellsAreDeclaredInTheHeader() {
    #expect(
      text("print(x, t.y, { z = 1 }); x = 2", ["x": false, "y": false, "z": false, "w": false])
        == "local _cell,x = ... return function(...) print(x, t.y, { z = 1 }); x = 2\nend")
    #expect(text("return c", ["c": true]).hasPrefix("local _cell,c <const> = ... return function(...) "))
  }

  @Test func innerLocalsAreLeftAlone() {
    let source = "do local x = 1 end for x = 1, 2 do end function f(x) local y = x end repeat local z until z"
    #expect(text(source, ["x": false, "y": false, "z": false]).hasPrefix("local _cell = ..."))
    #expect(!text(source).contains("keep"))
  }

  @Test func theHiddenNameGivesWay() {
    #expect(text("local _cell = 1").hasPrefix("local _cell_ = ... "))
  }

  @Test func lastExpressionsAreReturned() {
    #expect(text("x = 1\n1 + 2 -- three").hasSuffix("x = 1\nreturn _cell.show(1 + 2) -- three\nend"))
    #expect(text("f(1)").contains("return _cell.show(f(1))"))
    #expect(text("f(1);").hasSuffix(" f(1);\nend"))
    #expect(text("x = 5\n-3").hasSuffix(" x = 5\n-3\nend"))
    #expect(text("a, b").contains("return _cell.show(a, b)"))
  }

  @Test func sourceThatIsNotLuaIsLeftToLua() {
    let program = CellRewriter.program(for: "local x = = 1") { _ in nil }
    #expect(program.pieces.isEmpty)
    #expect(String(decoding: program.plain, as: UTF8.self) == "local x = = 1")
  }

  @Test func manyLocalsAreCutIntoPieces() {
    let source = (1...500).map { "local v\($0) = \($0)" }.joined(separator: "\n")
    #expect(CellRewriter.program(for: source) { _ in nil }.pieces.count == 5)
  }

  @Test(arguments: [
    ("x = 1", CellParameter.Kind.integer), ("x = -1", .integer), ("x = 0x10", .integer),
    ("x = 1e-3", .number),
    ("x = 1.5", .number), ("x = \"a\"", .string), ("x = [[a]]", .string), ("x = true", .boolean),
    ("x = { 1 }", .table), ("x = nil", .any), ("x = f()", .any), ("local x <const> = 3", .integer),
  ])
  func parametersHaveTheTypeOfTheirDefault(_ source: String, _ kind: CellParameter.Kind) {
    #expect(CellParameter.all(in: source).map(\.kind) == [kind])
  }
}
