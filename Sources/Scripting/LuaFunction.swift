/// One function of a module: its name, its documentation and its Swift body, stated once.
///
/// The body gets the arguments as Swift values. What it throws becomes a Lua error with the caller's position; an
/// `ArgumentFault` is said as a bad argument. Write the body as a single call (`{ x, n in try x.scaled(by: n) }`): mixed
/// arithmetic in a closure costs the type checker minutes.
public struct LuaFunction: Sendable {
  public let name: String
  let makeDocumentation: @Sendable () -> FunctionDoc
  let invoke: @Sendable (LuaState) throws -> Int32

  /// What help, annotations and completion show.
  public var documentation: FunctionDoc { makeDocumentation() }

  private init<each P: LuaValue>(
    name: String, summary: String, parameters: repeat Param<each P>, results: [@Sendable () -> ResultDoc],
    example: String, run: @escaping @Sendable (LuaState, repeat each P) throws -> Int32
  ) {
    self.name = name
    let signature = Signature(
      name: name, summary: summary, owner: nil, parameters: repeat each parameters, results: results,
      example: example, selves: 0, run: run)
    makeDocumentation = signature.documentation
    invoke = signature.invoke
  }

  /// A function without results.
  public init<each P: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, example: String,
    body: @escaping @Sendable (repeat each P) throws -> Void
  ) {
    self.init(name: name, summary: summary, parameters: repeat each parameter, results: [], example: example)
    {
      (_, argument: repeat each P) in
      try body(repeat each argument)
      return 0
    }
  }

  /// A function with one result (or several of one type: `Returns<LuaMany<Int>>`).
  public init<each P: LuaValue, R: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, returns: Returns<R>,
    example: String,
    body: @escaping @Sendable (repeat each P) throws -> R
  ) {
    self.init(
      name: name, summary: summary, parameters: repeat each parameter, results: [returns.documentation],
      example: example
    ) { (state, argument: repeat each P) in
      try body(repeat each argument).pushResults(to: state)
    }
  }

  /// A function with two results.
  public init<each P: LuaValue, R1: LuaValue, R2: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, returns first: Returns<R1>,
    _ second: Returns<R2>, example: String, body: @escaping @Sendable (repeat each P) throws -> (R1, R2)
  ) {
    self.init(
      name: name, summary: summary, parameters: repeat each parameter,
      results: [first.documentation, second.documentation], example: example
    ) { (state, argument: repeat each P) in
      let results = try body(repeat each argument)
      return try results.0.pushResults(to: state) + results.1.pushResults(to: state)
    }
  }

  /// A function whose body needs the Lua state itself, as those that make new tables or look at the caller do.
  public init<each P: LuaValue, R: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, returns: Returns<R>,
    example: String,
    bodyInState body: @escaping @Sendable (LuaState, repeat each P) throws -> R
  ) {
    self.init(
      name: name, summary: summary, parameters: repeat each parameter, results: [returns.documentation],
      example: example
    ) { (state, argument: repeat each P) in
      try body(state, repeat each argument).pushResults(to: state)
    }
  }
}

/// The common core of functions and methods.
struct Signature {
  let documentation: @Sendable () -> FunctionDoc
  let invoke: @Sendable (LuaState) throws -> Int32

  init<each P: LuaValue>(
    name: String, summary: String, owner: (@Sendable () -> String)?, parameters: repeat Param<each P>,
    results: [@Sendable () -> ResultDoc], example: String, selves: Int32,
    run: @escaping @Sendable (LuaState, repeat each P) throws -> Int32
  ) {
    let all = (repeat each parameters)
    documentation = {
      var docs: [ParameterDoc] = []
      for parameter in repeat each all { docs.append(parameter.documentation()) }
      return FunctionDoc(
        name: name, summary: summary, parameters: docs, results: results.map { $0() }, example: example,
        owner: owner?())
    }
    var count = 0, isVariadic = false
    for type in repeat (each P).self {
      count += 1
      isVariadic = type.isVariadic
    }
    let most = isVariadic ? nil : count
    invoke = { state in
      var reader = try ArgumentReader(state, selves: selves, most: most)
      return try run(state, repeat reader.next(each all))
    }
  }
}
