/// A Lua module: functions, constants and classes under one name, such as `yuyan.tensor`.
public struct LuaModule: Sendable {
  public let name: String
  public let summary: String
  public let functions: [LuaFunction]
  /// What calling the module itself does, as in `yy.tensor({1, 2})`.
  public let call: LuaFunction?
  public let constants: [LuaConstant]
  /// The classes whose instances its functions give.
  public let classes: [any AnyLuaClass]

  public init(
    _ name: String, _ summary: String, _ functions: [LuaFunction], call: LuaFunction? = nil,
    constants: [LuaConstant] = [], classes: [any AnyLuaClass] = []
  ) {
    self.name = name
    self.summary = summary
    self.functions = functions
    self.call = call
    self.constants = constants
    self.classes = classes
  }

  /// The name without the leading `yuyan.`, as messages have it.
  public var shortName: String { name.hasPrefix("yuyan.") ? String(name.dropFirst(6)) : name }

  public var documentation: ModuleDoc {
    func qualified(_ function: LuaFunction) -> FunctionDoc {
      var doc = function.documentation
      doc.name = "\(shortName).\(function.name)"
      return doc
    }
    var call = call?.documentation
    call?.name = shortName
    return ModuleDoc(
      name: name, summary: summary, functions: functions.map(qualified),
      constants: constants.map(\.documentation),
      classes: classes.map(\.documentation), call: call)
  }

  /// Pushes the module's table.
  func push(to state: LuaState) throws {
    try state.reserve(12)
    try state.pushTable(fields: functions.count + constants.count)
    let table = state.top
    state.interpreter.modules[state.address(at: table)] = self
    for function in functions {
      try push(function, as: "\(shortName).\(function.name)", state)
      try state.rawSet(function.name, into: table)
    }
    for constant in constants {
      try constant.push(state)
      try state.rawSet(constant.name, into: table)
    }
    try pushMetatable(state)
    state.setMetatable(of: table)
  }

  private func pushMetatable(_ state: LuaState) throws {
    try state.pushTable(fields: 4)
    let metatable = state.top, description = "module '\(shortName)'"
    try state.push(description)
    try state.rawSet("__name", into: metatable)
    try state.pushFunction(named: shortName) { state in
      try state.push(description)
      return 1
    }
    try state.rawSet("__tostring", into: metatable)
    let names = functions.map(\.name) + constants.map(\.name)
    try state.pushFunction(named: shortName) { state in
      guard let name = state.text(at: 2) else {
        state.pushNil()
        return 1
      }
      throw LuaError(message: ArgumentError.noMember(name, of: description, among: names))
    }
    try state.rawSet("__index", into: metatable)
    if let call {
      let invoke = call.invoke
      let box = FunctionBox(name: shortName, makeDocumentation: call.makeDocumentation) { state in
        state.remove(at: 1)
        return try invoke(state)
      }
      try state.push(box)
      try state.rawSet("__call", into: metatable)
    }
  }

  private func push(_ function: LuaFunction, as name: String, _ state: LuaState) throws {
    let make = function.makeDocumentation
    let box = FunctionBox(
      name: name,
      makeDocumentation: {
        var documentation = make()
        documentation.name = name
        return documentation
      }, body: function.invoke)
    try state.push(box)
  }
}

/// A value in a module: `LuaConstant("version", "The version.") { "1.0" }`.
public struct LuaConstant: Sendable {
  public let name: String
  let documentation: PropertyDoc
  let push: @Sendable (LuaState) throws -> Void

  public init<Value: LuaValue>(
    _ name: String, _ summary: String, _ value: @escaping @Sendable () throws -> Value
  ) {
    self.name = name
    documentation = PropertyDoc(name: name, summary: summary, type: Value.luaType, isWritable: false)
    push = { try value().push(to: $0) }
  }
}
