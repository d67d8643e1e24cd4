import Files
import OrderedCollections
public import Scripting

/// Why a run cannot have the parameters it was given.
public struct ParameterError: Error, Equatable, CustomStringConvertible {
  public let description: String
}

/// Values for the variables that a notebook's cell tagged `parameters` sets.
public enum Parameters {
  static let tag = "parameters"
  static let injectedTag = "injected-parameters"

  public static func all(in notebook: Notebook) -> [CellParameter] {
    guard let cell = notebook.cells.first(where: { $0.kind == .code && $0.tags.contains(tag) }) else {
      return []
    }
    return CellParameter.all(in: cell.source)
  }

  /// Adds a visible cell behind the parameters cell which sets the given values, typed as the defaults are.
  ///
  /// - Throws: `ParameterError` for a name that the parameters cell does not set or a value of another type.
  public static func inject(_ values: [(name: String, value: String)], into notebook: inout Notebook) throws {
    notebook.cells.removeAll { $0.tags.contains(injectedTag) }
    guard !values.isEmpty else { return }
    guard let index = notebook.cells.firstIndex(where: { $0.kind == .code && $0.tags.contains(tag) }) else {
      throw ParameterError(
        description: "parameter '\(values[0].name)': no cell of the notebook is tagged 'parameters'")
    }
    let parameters = all(in: notebook)
    var lines: [String] = []
    for (name, value) in values {
      guard let parameter = parameters.first(where: { $0.name == name }) else {
        let near = Nearest.name(to: name, among: parameters.map(\.name))
        let known = parameters.isEmpty ? "none" : parameters.map(\.name).joined(separator: ", ")
        throw ParameterError(
          description: "unknown parameter '\(name)'"
            + (near.map { "; did you mean '\($0)'?" } ?? " (known: \(known))"))
      }
      guard let literal = parameter.literal(for: value) else {
        throw ParameterError(
          description: "parameter '\(name)': \(parameter.kind.rawValue) expected as in its default "
            + "\(parameter.text), got '\(value)'")
      }
      lines.append("\(parameter.isConstant ? "local " : "")\(name) = \(literal)")
    }
    let cell = NotebookCell(
      .code, lines.joined(separator: "\n"), metadata: ["tags": [.string(injectedTag)]])
    notebook.cells.insert(cell, at: index + 1)
    notebook.fillIdentifiers()
  }
}
