import Files
import Scripting
import TestSupport
import Testing

@testable import Library

/// The Lua API as its users call it: each `Suites/NAME_test.lua` gives a table of cases, as does each
/// `Suites/NAME_data.lua`, which needs the real data.
@Suite struct LuaTests {
  static let suites = FileSystem.folder(of: #filePath) + "/Suites"

  private static func names(_ ending: String) -> [String] {
    ((try? FileSystem.list(suites)) ?? []).filter { $0.hasSuffix(ending) }.sorted()
  }

  @Test func suitesAreFound() {
    #expect(Self.names("_test.lua").count >= 14)
    #expect(Self.names("_data.lua").count >= 1)
  }

  @Test(arguments: names("_test.lua")) func suite(_ name: String) throws { try run(name) }

  @Test(.enabled(if: RealData.isAvailable), arguments: names("_data.lua"))
  func realData(_ name: String) throws { try run(name) }

  private func run(_ name: String) throws {
    let folder = try TemporaryFolder()
    let session = try Library.makeSession()
    try session.capture(into: Silence())
    try session.interpreter.addSearchFolder(Self.suites)
    let source = String(decoding: try FileSystem.read("\(Self.suites)/\(name)"), as: UTF8.self)
    let suite = try session.interpreter.load(source, name: "@" + name).call(returning: LuaAny.self)
    let test = try session.interpreter.require("yuyan.test").read(field: "run")
    let failures = try test.call(suite, folder.path, returning: [String].self)
    for failure in failures { Issue.record("\(name): \(failure)") }
  }
}

/// Takes what suites print.
private final class Silence: OutputSink {
  func write(_ bytes: [UInt8], to stream: OutputStream) {}
  func display(_ display: DisplayData) {}
}

extension LuaAny {
  /// A function in a table.
  fileprivate func read(field name: String) throws -> LuaCallback {
    let table = LuaTable(try #require(referenceValue))
    return try #require(try table.get(name, as: LuaCallback.self))
  }
}
