import ArgumentParser
import Notebooks

/// `yuyan convert`: notebooks, percent scripts and web pages, told apart by their endings.
struct ConvertCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "yuyan convert",
    abstract: "Convert between notebooks (.ipynb), scripts (.lua) and pages (.html).")

  @Argument(help: "The notebook (.ipynb) or percent-format script (.lua) to read.")
  var input: String

  @Argument(help: "The file to write: .ipynb, .lua or .html.")
  var output: String

  func execute() -> ExitStatus {
    Door.reporting {
      let (notebook, warnings) = try Conversion.load(input)
      for warning in warnings { Console.error("yuyan: \(warning)\n") }
      try Conversion.save(notebook, to: output)
    }
  }
}
