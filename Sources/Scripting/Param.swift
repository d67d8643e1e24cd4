/// A parameter of a declared function: what it is called, what it means, what Swift type it has.
///
/// It may be left out if it has a default or its type is optional.
public struct Param<Value: LuaValue>: Sendable {
  let name, summary: String
  let fallback: (@Sendable () -> Value)?

  public init(_ name: String, _ summary: String) {
    self.name = name
    self.summary = summary
    fallback = nil
  }

  public init(
    _ name: String, _ summary: String, default fallback: @autoclosure @escaping @Sendable () -> Value
  ) {
    self.name = name
    self.summary = summary
    self.fallback = fallback
  }

  var documentation: @Sendable () -> ParameterDoc {
    { [name, summary, fallback] in
      let fields = Value.optionFields
      return ParameterDoc(
        name: name, summary: summary, type: Value.luaType, isOptional: fallback != nil || Value.isOptional,
        isVariadic: Value.isVariadic, defaultText: fields.isEmpty ? fallback?().luaLiteral : nil,
        fields: fields,
        choices: Value.choices, optionsName: fields.isEmpty ? nil : Value.luaType)
    }
  }
}

/// A result of a declared function.
public struct Returns<Value: LuaValue>: Sendable {
  let name, summary: String
  public init(_ name: String, _ summary: String) {
    self.name = name
    self.summary = summary
  }

  var documentation: @Sendable () -> ResultDoc {
    { [name, summary] in
      ResultDoc(
        name: name, summary: summary, type: Value.luaType + (Value.isOptional && !Value.isVariadic ? "?" : "")
      )
    }
  }
}

/// Reads the arguments of one call from left to right.
struct ArgumentReader {
  let state: LuaState
  /// Arguments before the first declared one: 1 for methods.
  let selves: Int32
  private var position: Int32

  init(_ state: LuaState, selves: Int32, most: Int?) throws {
    self.state = state
    self.selves = selves
    position = selves
    var given = state.top - selves
    if let most {
      while given > most && state.isNil(at: selves + given) { given -= 1 }
      if given > most { throw TooManyArguments(most: most, got: Int(given)) }
    }
    try state.reserve(16)
  }

  mutating func next<Value: LuaValue>(_ parameter: Param<Value>) throws -> Value {
    position += 1
    if let fallback = parameter.fallback, state.isNil(at: position) { return fallback() }
    do {
      return labelled(try Value.read(state, at: position), parameter.name)
    } catch let fault as ValueFault {
      throw ArgumentFailure(number: Int(position - selves), name: parameter.name, reason: fault.reason)
    }
  }

  /// The object a method is called on.
  static func object<Object: LuaValue>(_ type: Object.Type, _ state: LuaState) throws -> Object {
    do { return try Object.read(state, at: 1) } catch let fault as ValueFault {
      throw ArgumentFailure(
        number: 0, name: "self", reason: fault.reason, usedDot: !Object.accepts(state, at: 1))
    }
  }
}
