import Files
import Foundation
import OrderedCollections
import Scripting
import Testing

@testable import Notebooks

@Suite struct NotebookRunnerTests {
  private func run(
    _ cells: [NotebookCell], parameters: [(name: String, value: String)] = [], timeout: Double? = nil,
    path: String? = nil
  ) throws -> (NotebookRunner.Outcome, Notebook) {
    var options = NotebookRunner.Options()
    options.parameters = parameters
    options.timeout = timeout
    let evaluator = try Evaluator(try Interpreter())
    let runner = try NotebookRunner(
      Notebook(cells: cells), evaluator: evaluator, outputPath: path, options: options)
    let outcome = try runner.run()
    return (outcome, runner.notebook)
  }

  private func tagged(_ tag: String, _ source: String) -> NotebookCell {
    NotebookCell(.code, source, metadata: ["tags": [.string(tag)]])
  }

  @Test func outputsAreStoredInOrder() throws {
    let (outcome, notebook) = try run([
      NotebookCell(.markdown, "# Title"), NotebookCell(.code, "local x = 1 print('a') io.write('b') x + 1"),
      NotebookCell(.code, "io.stderr:write('warn') print(x)"), NotebookCell(.code, ""),
    ])
    #expect(outcome == .done)
    #expect(
      notebook.cells[1].outputs == [
        .stream(name: "stdout", text: "a\nb"),
        .result(data: ["text/plain": "2"], metadata: [:], executionCount: 1),
      ])
    #expect(
      notebook.cells[2].outputs == [
        .stream(name: "stderr", text: "warn"), .stream(name: "stdout", text: "1\n"),
      ])
    #expect(notebook.cells[2].executionCount == 2)
    #expect(notebook.cells[3].executionCount == nil)
  }

  @Test func anErrorIsSavedAndStopsTheRun() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).ipynb").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let (outcome, notebook) = try run(
      [NotebookCell(.code, "print 'x'\nerror 'no'"), NotebookCell(.code, "print 'y'")], path: path)
    #expect(outcome == .failed)
    #expect(
      notebook.cells[0].outputs == [
        .stream(name: "stdout", text: "x\n"),
        .error(
          name: "LuaError", value: "cell 1:2: no",
          traceback: [
            "cell 1:2: no", "  2 | error 'no'", "stack traceback:", "  [C]: in function 'error'",
            "  cell 1:2: in main chunk",
          ]),
      ])
    #expect(notebook.cells[1].outputs.isEmpty)
    #expect(NotebookFile.text(of: try NotebookFile.load(path)) == NotebookFile.text(of: notebook))
  }

  @Test func tagsSkipAndExpectErrors() throws {
    let (outcome, notebook) = try run([
      tagged("skip-execution", "error 'never'"), tagged("raises-exception", "error 'fine'"),
      NotebookCell(.code, "1"),
    ])
    #expect(outcome == .done)
    #expect(notebook.cells[0].outputs.isEmpty && notebook.cells[0].executionCount == nil)
    #expect(notebook.cells[1].outputs.count == 1)
    #expect(notebook.cells[2].executionCount == 2)
  }

  @Test func parametersAreTypedAndVisible() throws {
    let defaults = tagged(
      "parameters",
      "local lr = 1e-3\nsteps = 10\nlocal name <const> = 'a'\nflag = true\nlist = {}\nlocal get = function() return lr end"
    )
    let (_, notebook) = try run(
      [defaults, NotebookCell(.code, "return lr, get(), steps, name, flag, #list")],
      parameters: [("lr", "2"), ("steps", "5"), ("name", "5\"x"), ("flag", "false"), ("list", "{1, 2}")])
    #expect(
      notebook.cells[1].source == "lr = 2.0\nsteps = 5\nlocal name = \"5\\\"x\"\nflag = false\nlist = {1, 2}")
    #expect(notebook.cells[1].tags == ["injected-parameters"])
    #expect(
      notebook.cells[2].outputs == [
        .result(data: ["text/plain": "2.0\t2.0\t5\t5\"x\tfalse\t2"], metadata: [:], executionCount: 3)
      ])
  }

  @Test(arguments: [
    ("step", "1", "unknown parameter 'step'; did you mean 'steps'?"),
    ("other", "1", "unknown parameter 'other' (known: steps, lr)"),
    ("steps", "1.5", "parameter 'steps': integer expected as in its default 10, got '1.5'"),
    ("lr", "fast", "parameter 'lr': number expected as in its default 0.1, got 'fast'"),
  ])
  func wrongParametersAreRefused(_ name: String, _ value: String, _ message: String) {
    #expect(throws: ParameterError(description: message)) {
      try run([tagged("parameters", "steps = 10\nlr = 0.1")], parameters: [(name, value)])
    }
  }

  #if compiler(>=6.2)
    /// A limit interrupts the whole program, so this has a process of its own.
    @Test func aCellThatTakesTooLongIsStopped() async {
      await #expect(processExitsWith: .success) {
        let (outcome, notebook) = try NotebookRunnerTests().run(
          [NotebookCell(.code, "while true do end")], timeout: 0.1)
        #expect(outcome == .failed)
        let message = "cell 1: stopped after 0.1 s, the limit for one cell"
        #expect(
          notebook.cells[0].outputs == [.error(name: "Timeout", value: message, traceback: [message])])
      }
    }
  #endif

  @Test func progressBarsLeaveOneLine() throws {
    let (_, notebook) = try run([NotebookCell(.code, "for i = 1, 100 do io.write('\\rstep ', i) end print()")]
    )
    #expect(notebook.cells[0].outputs == [.stream(name: "stdout", text: "step 100\n")])
  }
}
