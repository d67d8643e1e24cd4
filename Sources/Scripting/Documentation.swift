/// What the declarations say, as values: help, annotations, completion and the reference read only these.

public struct FunctionDoc: Sendable, Equatable {
  public var name: String
  public var summary: String
  public var parameters: [ParameterDoc]
  public var results: [ResultDoc]
  public var example: String
  /// The class whose method it is: called as `x:name()`.
  public var owner: String?

  public init(
    name: String, summary: String, parameters: [ParameterDoc] = [], results: [ResultDoc] = [],
    example: String = "",
    owner: String? = nil
  ) {
    self.name = name
    self.summary = summary
    self.parameters = parameters
    self.results = results
    self.example = example
    self.owner = owner
  }
}

public struct ParameterDoc: Sendable, Equatable {
  public var name: String
  public var summary: String
  public var type: String
  public var isOptional: Bool
  public var isVariadic = false
  /// The default as Lua source.
  public var defaultText: String?
  /// The options it takes, when it is a table of options.
  public var fields: [FieldDoc] = []
  /// The words it may be.
  public var choices: [String] = []
  /// The name of the options' type in annotations.
  public var optionsName: String?
}

public struct ResultDoc: Sendable, Equatable {
  public var name: String
  public var summary: String
  public var type: String
}

public struct FieldDoc: Sendable, Equatable {
  /// Where in the options table a value stands.
  public enum Place: Sendable, Equatable {
    /// Under its name.
    case name
    /// As the n-th positional element.
    case element(Int)
    /// As all positional elements.
    case list
  }

  public var name: String
  public var summary: String
  public var type: String
  public var place: Place
  public var isRequired: Bool
  public var defaultText: String?
  public var fields: [FieldDoc]
  public var choices: [String]
  public var optionsName: String?
}

public struct PropertyDoc: Sendable, Equatable {
  public var name: String
  public var summary: String
  public var type: String
  public var isWritable: Bool
}

public struct ClassDoc: Sendable, Equatable {
  public var name: String
  public var summary: String
  public var methods: [FunctionDoc]
  public var properties: [PropertyDoc]
  /// Metamethods, by Lua's names: `__len`.
  public var operators: [FunctionDoc]
}

public struct ModuleDoc: Sendable, Equatable {
  public var name: String
  public var summary: String
  public var functions: [FunctionDoc]
  public var constants: [PropertyDoc]
  public var classes: [ClassDoc]
  /// What calling the module itself does.
  public var call: FunctionDoc?
}

/// A version of the whole described interface.
public struct ApiDoc: Sendable, Equatable {
  /// Raised when the form of the JSON changes.
  public static let version = 1
  public var modules: [ModuleDoc]
  public init(modules: [ModuleDoc]) { self.modules = modules }
}
