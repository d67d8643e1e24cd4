import ArgumentParser
import Files
import Glibc
import Library
import Notebooks
import Scripting

/// `yuyan run`: a notebook or percent script as a batch job.
struct RunCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "yuyan run", abstract: "Run a notebook (or a script) as a batch job.",
    discussion:
      "Outputs are saved after every cell. An error stops the run with status 1 and is saved as well.")

  @Argument(help: "The notebook (.ipynb) or percent-format script (.lua).")
  var notebook: String

  @Option(name: .shortAndLong, help: "Where the executed notebook goes (default: NAME.out.ipynb).")
  var output: String?

  @Option(
    name: .customShort("p"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A value for a variable of the cell tagged 'parameters'.", valueName: "name=value"))
  var parameters: [String] = []

  @Option(help: "Also write the executed notebook as a web page.")
  var html: String?

  @Option(help: ArgumentHelp("Seconds that one cell may take.", valueName: "s"))
  var timeout: Double?

  func validate() throws {
    for parameter in parameters
    where parameter.firstIndex(of: "=").map({ $0 == parameter.startIndex }) ?? true {
      throw ValidationError("-p needs NAME=VALUE, got '\(parameter)'")
    }
    if let timeout, !(timeout > 0) { throw ValidationError("--timeout needs a positive number of seconds") }
  }

  private var outputPath: String {
    if let output { return output }
    let folder = FileSystem.folder(of: notebook)
    let name = FileSystem.stem(notebook) + ".out.ipynb"
    return folder == "." && !notebook.hasPrefix("./") ? name : FileSystem.join(folder, name)
  }

  func execute() -> ExitStatus {
    var outcome = NotebookRunner.Outcome.failed
    do {
      let (source, warnings) = try Conversion.load(notebook)
      for warning in warnings { Console.error("yuyan: \(warning)\n") }
      var options = NotebookRunner.Options()
      options.version = Library.version
      options.timeout = timeout
      options.parameters = parameters.map { parameter in
        let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), String(parts[1]))
      }
      closeStandardInput()
      let evaluator = try Library.makeSession()
      let progress = RunProgress()
      let runner = try NotebookRunner(
        source, evaluator: evaluator, outputPath: outputPath, options: options, onEvent: progress.show)
      outcome = try runner.run()
      if let html {
        try AtomicFile.write(
          HTMLExport.page(for: runner.notebook, title: FileSystem.stem(notebook)), to: html)
      }
      progress.end(outcome, paths: [outputPath] + [html].compactMap { $0 })
    } catch let error as ParameterError {
      return Door.wrongUsage("\(notebook): \(error)")
    } catch {
      Console.error("yuyan: \(error)\n")
      return .failed
    }
    switch outcome {
    case .done: return .done
    case .failed: return .failed
    case .interrupted: return .interrupted
    }
  }

  /// A batch job asks nobody anything.
  private func closeStandardInput() {
    let null = open("/dev/null", O_RDONLY)
    guard null >= 0 else { return }
    dup2(null, STDIN_FILENO)
    close(null)
  }
}
