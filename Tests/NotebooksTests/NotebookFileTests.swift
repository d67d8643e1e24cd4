import Files
import Foundation
import OrderedCollections
import Testing

@testable import Notebooks

func notebookFixture(_ name: String) throws -> String {
  let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  return try String(contentsOf: url, encoding: .utf8)
}

@Suite struct NotebookFileTests {
  @Test func whatNbformatWroteStaysAsItIs() throws {
    let text = try notebookFixture("rich.ipynb")
    #expect(NotebookFile.text(of: try NotebookFile.parse(text)) == text)
  }

  @Test func cellsWithoutIdentifiersGetStableOnes() throws {
    let old =
      #"{"cells": [{"cell_type": "code", "source": "x", "metadata": {}, "outputs": [], "execution_count": null}], "metadata": {}, "nbformat": 4, "nbformat_minor": 2}"#
    let first = try NotebookFile.parse(old)
    #expect(first == (try NotebookFile.parse(old)))
    #expect(first.cells[0].id?.count == 8)
    #expect(first.minorVersion == 5)
  }

  @Test(arguments: [
    ("{", "a.ipynb:1: not a notebook: "), ("[]", "a.ipynb: not a notebook: object expected"),
    (#"{"nbformat": 3}"#, "a.ipynb: field 'nbformat': version 4 expected, got 3"),
    (#"{"nbformat": 4, "cells": [{}]}"#, "a.ipynb: field 'cells[0].cell_type': string expected"),
    (
      #"{"nbformat": 4, "cells": [{"cell_type": "x"}]}"#,
      "a.ipynb: field 'cells[0].cell_type': code, markdown or raw expected, got 'x'"
    ),
  ])
  func wrongFilesAreNamed(_ text: String, _ message: String) {
    do {
      _ = try NotebookFile.parse(text, path: "a.ipynb")
      Issue.record("must not parse")
    } catch {
      #expect("\(error)".hasPrefix(message))
    }
  }
}

@Suite struct PercentScriptTests {
  @Test func scriptsAreReadAsJupytextReadsThem() throws {
    let parsed = PercentScript.parse(try notebookFixture("rich.lua"))
    let expected = try #require(try JSON.parse(try notebookFixture("rich.json")).arrayValue)
    let cells = parsed.notebook.cells.map { cell -> JSON in
      [
        "kind": .string(cell.kind.rawValue), "source": .string(cell.source),
        "metadata": .object(cell.metadata),
      ]
    }
    #expect(cells.map { $0.text(sortedKeys: true) } == expected.map { $0.text(sortedKeys: true) })
    #expect(parsed.notebook.metadata["kernelspec"]?["name"] == "yuyan")
  }

  @Test func scriptsAreWrittenAsJupytextWritesThem() throws {
    let notebook = try NotebookFile.parse(try notebookFixture("rich.ipynb"))
    #expect(PercentScript.text(of: notebook) == (try notebookFixture("rich.lua")))
  }

  @Test func readingWhatWasWrittenLosesNothing() throws {
    let script = try notebookFixture("rich.lua")
    #expect(PercentScript.text(of: PercentScript.parse(script).notebook) == script)
  }

  @Test func aMarkerInsideALongStringCutsAndWarns() {
    let parsed = PercentScript.parse("-- %%\na = [[\n-- %% z\n]]\n")
    #expect(parsed.notebook.cells.map(\.source) == ["a = [[", "]]"])
    #expect(parsed.warnings == ["line 3: the marker cuts a long string or comment"])
  }

  @Test func plainScriptsAreOneCell() {
    #expect(PercentScript.parse("x = 1\ny = 2\n").notebook.cells.map(\.source) == ["x = 1\ny = 2"])
    #expect(PercentScript.parse("").notebook.cells.isEmpty)
    #expect(
      PercentScript.parse("--%%\nx\n\n-- %% [md] T\n-- a\n--b\n").notebook.cells.map(\.source) == [
        "x", "a\nb",
      ])
  }
}
