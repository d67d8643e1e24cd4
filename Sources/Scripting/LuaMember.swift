/// A method, property or operator of a class that Lua sees.
///
/// ```swift
/// .method("add", "Adds n.", Param<Int>("n", "how many"), returns: Returns<Int>("total", "so far"), example: "c:add(2)") { c, n in c.add(n) }
/// .property("count", "How many were added.") { $0.count }
/// .length { $0.count }
/// ```
public struct LuaMember<Object: LuaObject>: Sendable {
  enum Kind: Sendable { case method, getter, setter, meta, index, newIndex }
  let kind: Kind
  let name: String
  let makeDocumentation: @Sendable () -> FunctionDoc
  let invoke: @Sendable (LuaState) throws -> Int32

  private init(
    _ kind: Kind, _ name: String, documentation: @escaping @Sendable () -> FunctionDoc,
    invoke: @escaping @Sendable (LuaState) throws -> Int32
  ) {
    self.kind = kind
    self.name = name
    makeDocumentation = documentation
    self.invoke = invoke
  }

  private static func make<each P: LuaValue>(
    _ kind: Kind, _ name: String, _ summary: String, parameters: repeat Param<each P>,
    results: [@Sendable () -> ResultDoc], example: String,
    run: @escaping @Sendable (LuaState, Object, repeat each P) throws -> Int32
  ) -> LuaMember {
    let signature = Signature(
      name: name, summary: summary, owner: { Object.luaClass.name }, parameters: repeat each parameters,
      results: results, example: example, selves: 1
    ) { (state, argument: repeat each P) in
      let object = try ArgumentReader.object(Object.self, state)
      return try run(state, object, repeat each argument)
    }
    let invoke = signature.invoke
    return LuaMember(kind, name, documentation: signature.documentation) { state in
      _ = try ArgumentReader.object(Object.self, state)  // a forgotten colon is said first
      return try invoke(state)
    }
  }

  /// A method without results.
  public static func method<each P: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, example: String,
    body: @escaping @Sendable (Object, repeat each P) throws -> Void
  ) -> LuaMember {
    make(.method, name, summary, parameters: repeat each parameter, results: [], example: example) {
      (_, object, argument: repeat each P) in
      try body(object, repeat each argument)
      return 0
    }
  }

  /// A method with one result (or several of one type: `Returns<LuaMany<Int>>`).
  public static func method<each P: LuaValue, R: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, returns: Returns<R>,
    example: String,
    body: @escaping @Sendable (Object, repeat each P) throws -> R
  ) -> LuaMember {
    make(
      .method, name, summary, parameters: repeat each parameter, results: [returns.documentation],
      example: example
    ) { (state, object, argument: repeat each P) in
      try body(object, repeat each argument).pushResults(to: state)
    }
  }

  /// A method with two results.
  public static func method<each P: LuaValue, R1: LuaValue, R2: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, returns first: Returns<R1>,
    _ second: Returns<R2>, example: String,
    body: @escaping @Sendable (Object, repeat each P) throws -> (R1, R2)
  ) -> LuaMember {
    make(
      .method, name, summary, parameters: repeat each parameter,
      results: [first.documentation, second.documentation], example: example
    ) { (state, object, argument: repeat each P) in
      let results = try body(object, repeat each argument)
      return try results.0.pushResults(to: state) + results.1.pushResults(to: state)
    }
  }

  /// A method whose body needs the Lua state itself.
  public static func method<each P: LuaValue, R: LuaValue>(
    _ name: String, _ summary: String, _ parameter: repeat Param<each P>, returns: Returns<R>,
    example: String,
    bodyInState body: @escaping @Sendable (LuaState, Object, repeat each P) throws -> R
  ) -> LuaMember {
    make(
      .method, name, summary, parameters: repeat each parameter, results: [returns.documentation],
      example: example
    ) { (state, object, argument: repeat each P) in
      try body(state, object, repeat each argument).pushResults(to: state)
    }
  }

  /// A property that is read: `x.name`.
  public static func property<V: LuaValue>(
    _ name: String, _ summary: String, get: @escaping @Sendable (Object) throws -> V
  ) -> LuaMember {
    make(.getter, name, summary, results: [Returns<V>(name, summary).documentation], example: "") {
      state, object in
      try state.reserve(4)
      try get(object).push(to: state)
      return 1
    }
  }

  /// Lets the property of this name be written: `x.name = value`.
  ///
  /// Declare the reading one too.
  public static func setter<V: LuaValue>(
    _ name: String, set: @escaping @Sendable (Object, V) throws -> Void
  ) -> LuaMember {
    make(.setter, name, "", parameters: Param<V>(name, "the new value"), results: [], example: "") {
      _, object, value in
      try set(object, value)
      return 0
    }
  }

  /// Lua writes it as `#x`.
  public static func length(_ body: @escaping @Sendable (Object) throws -> Int) -> LuaMember {
    meta("__len") { state, object in
      state.push(try body(object))
      return 1
    }
  }

  /// `tostring(x)` and `print(x)`; without it a `CustomStringConvertible` prints as its description.
  public static func text(_ body: @escaping @Sendable (Object) throws -> String) -> LuaMember {
    meta("__tostring") { state, object in
      try state.push(body(object))
      return 1
    }
  }

  /// `x[n]`; nil where nothing stands.
  public static func index<V: LuaValue>(
    _ summary: String, get: @escaping @Sendable (Object, Int) throws -> V
  ) -> LuaMember {
    make(
      .index, "__index", summary, parameters: Param<Int>("n", "counted from 1"),
      results: [Returns<V>("value", summary).documentation], example: ""
    ) { state, object, n in
      try state.reserve(4)
      try get(object, n).push(to: state)
      return 1
    }
  }

  /// Lua writes it as `x[n] = value`.
  public static func newIndex<V: LuaValue>(
    _ summary: String, set: @escaping @Sendable (Object, Int, V) throws -> Void
  ) -> LuaMember {
    make(
      .newIndex, "__newindex", summary,
      parameters: Param<Int>("n", "counted from 1"), Param<V>("value", "the new value"), results: [],
      example: ""
    ) { _, object, n, value in
      try set(object, n, value)
      return 0
    }
  }

  /// Lua writes it as `x(...)`.
  public static func call<each P: LuaValue, R: LuaValue>(
    _ summary: String, _ parameter: repeat Param<each P>, returns: Returns<R>, example: String,
    body: @escaping @Sendable (Object, repeat each P) throws -> R
  ) -> LuaMember {
    make(
      .meta, "__call", summary, parameters: repeat each parameter, results: [returns.documentation],
      example: example
    ) { (state, object, argument: repeat each P) in
      try body(object, repeat each argument).pushResults(to: state)
    }
  }

  /// An operator, one operand of which is an `Object`: `.binary(.add) { (a: Either<Tensor, Double>, b: Either<Tensor, Double>) in ... }`.
  public static func binary<A: LuaValue, B: LuaValue, R: LuaValue>(
    _ operation: LuaOperator, _ body: @escaping @Sendable (A, B) throws -> R
  ) -> LuaMember {
    raw(operation.rawValue, operation.summary) { state in
      let a = try operand(A.self, 1, "left", state), b = try operand(B.self, 2, "right", state)
      try body(a, b).push(to: state)
      return 1
    }
  }

  /// Lua writes it as `-x`.
  public static func negated<R: LuaValue>(_ body: @escaping @Sendable (Object) throws -> R) -> LuaMember {
    raw("__unm", "Changes the sign.") { state in
      try body(try ArgumentReader.object(Object.self, state)).push(to: state)
      return 1
    }
  }

  /// Another field of the metatable, such as `__display`, called with the object.
  public static func meta(
    _ name: String, _ body: @escaping @Sendable (LuaState, Object) throws -> Int32
  ) -> LuaMember {
    raw(name, "") { state in try body(state, try ArgumentReader.object(Object.self, state)) }
  }

  private static func raw(
    _ name: String, _ summary: String, _ invoke: @escaping @Sendable (LuaState) throws -> Int32
  ) -> LuaMember {
    LuaMember(
      .meta, name,
      documentation: { FunctionDoc(name: name, summary: summary, owner: Object.luaClass.name) }
    ) { state in
      try state.reserve(8)
      return try invoke(state)
    }
  }

  private static func operand<V: LuaValue>(_ type: V.Type, _ index: Int32, _ name: String, _ state: LuaState)
    throws -> V
  {
    do { return try V.read(state, at: index) } catch let fault as ValueFault {
      throw ArgumentFailure(number: Int(index), name: name, reason: fault.reason)
    }
  }
}

/// Lua's binary operators, by the names of their metamethods.
public enum LuaOperator: String, Sendable {
  case add = "__add", subtract = "__sub", multiply = "__mul", divide = "__div", power = "__pow", modulo =
    "__mod"
  case floorDivide = "__idiv", concatenate = "__concat", equal = "__eq", less = "__lt", lessOrEqual = "__le"

  var summary: String {
    switch self {
    case .add: "Adds."
    case .subtract: "Subtracts."
    case .multiply: "Multiplies."
    case .divide: "Divides."
    case .power: "Raises to a power."
    case .modulo: "Gives the remainder."
    case .floorDivide: "Divides and rounds down."
    case .concatenate: "Concatenates."
    case .equal: "Compares for equality."
    case .less: "Compares."
    case .lessOrEqual: "Compares."
    }
  }
}
