import Files
import Scripting
import TestSupport
import Testing

@testable import Library

/// Rules that all declarations of the Lua API keep.
@Suite struct DeclarationTests {
  static let modules = Library.modules.map(\.documentation)

  @Test func declarationsKeepTheRules() {
    #expect(DeclarationLint.problems(in: Self.modules) == [])
  }

  @Test(arguments: modules.map(\.name)) func everyModuleIsRequired(_ name: String) throws {
    let session = try Library.makeSession()
    let shown = try session.evaluate("return type(require '\(name)')", name: "test")
    #expect(shown?.plainText == "table")
  }

  /// An example of the API, or of a file in stdlib/yuyan that is written in Lua.
  struct Example: CustomTestStringConvertible, Sendable {
    let name: String
    let source: String
    /// Lines that come before it.
    var setting = ""
    var testDescription: String { name }

    /// What stands after the arrow: what the example prints.
    var result: String? {
      source.firstRange(of: "-->").map { String(source[$0.upperBound...]).trimmingSpace() }
    }
  }

  static let examples: [Example] = declared + written

  private static var declared: [Example] {
    modules.flatMap { module in
      let functions = (module.call.map { [$0] } ?? []) + module.functions + module.classes.flatMap(\.methods)
      return functions.map { Example(name: ($0.owner.map { $0 + ":" } ?? "") + $0.name, source: $0.example) }
    }
  }

  private static var written: [Example] {
    let folder =
      FileSystem.folder(of: FileSystem.folder(of: FileSystem.folder(of: #filePath))) + "/stdlib/yuyan"
    let files = ((try? FileSystem.list(folder)) ?? []).filter { $0.hasSuffix(".lua") && $0 != "init.lua" }
      .sorted()
    return files.flatMap { file -> [Example] in
      let part = FileSystem.stem(file)
      let text = String(decoding: (try? FileSystem.read("\(folder)/\(file)")) ?? [], as: UTF8.self)
      return text.split(separator: "\n").filter { $0.hasPrefix("--- Example: ") }.map { line in
        let source = line.dropFirst(13).filter { $0 != "`" }
        return Example(
          name: "\(file): \(source)", source: String(source),
          setting: "local \(part) = require 'yuyan.\(part)' ")
      }
    }
  }

  @Test(arguments: examples) func examplesAreLua(_ example: Example) throws {
    let interpreter = try Interpreter()
    let isExpression = (try? interpreter.load("return " + example.source, name: "=example")) != nil
    #expect(isExpression || (try? interpreter.load(example.source, name: "=example")) != nil)
  }

  /// An example with an arrow stands for itself: it names no file and no variable.
  @Test(arguments: examples.filter { $0.result != nil }) func examplesGiveWhatTheySay(_ example: Example)
    throws
  {
    let session = try Library.makeSession()
    let code = example.source.prefix(
      upTo: example.source.firstRange(of: "-->")?.lowerBound ?? example.source.endIndex)
    let shown = try session.evaluate(
      "\(example.setting)local value = (\(code)) return value", name: "example")
    #expect(shown?.plainText.trimmingSpace() == example.result)
  }
}
