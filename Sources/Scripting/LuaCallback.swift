/// A Lua function (or callable object) that Swift keeps and calls.
///
/// Called on the Lua thread that is running, at the time of the call. An error inside is thrown as `LuaError` with its value
/// and traceback; let through by a binding's body it is raised again as that same value.
public struct LuaCallback: LuaValue {
  public let reference: LuaReference
  /// What messages call it: the option or parameter it was given as.
  public var label: String?

  public init(_ reference: LuaReference, label: String? = nil) {
    self.reference = reference
    self.label = label
  }

  public static var luaType: String { "function" }

  public static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    switch state.kind(at: index) {
    case .function: true
    case .table, .userdata: (try? state.hasMetaField("__call", at: index)) ?? false
    default: false
    }
  }

  public static func read(_ state: LuaState, at index: Int32) throws -> LuaCallback {
    guard accepts(state, at: index) else { throw state.mismatch("function", at: index) }
    return LuaCallback(try state.reference(at: index))
  }

  public func push(to state: LuaState) throws { try reference.push(to: state) }

  /// Calls with any values; answers all results.
  @discardableResult public func call(_ arguments: [any LuaValue]) throws -> [LuaAny] {
    let state = try reference.state(), base = state.top
    defer { state.top = base }
    try state.reserve(arguments.count + 8)
    try reference.push(to: state)
    for argument in arguments { try argument.push(to: state) }
    try state.call(arguments: Int32(arguments.count), results: -1)
    try state.reserve(8)
    return try stride(from: base + 1, through: state.top, by: 1).map { try LuaAny.read(state, at: $0) }
  }

  /// Calls and reads the first result as `Result`: `try callback.call(step, returning: Double.self)`.
  ///
  /// - Throws: `LuaError` when the function raised, or when it returned something else than a `Result`.
  public func call<each Argument: LuaValue, Result: LuaValue>(
    _ argument: repeat each Argument, returning type: Result.Type
  ) throws -> Result {
    let state = try reference.state(), base = state.top
    defer { state.top = base }
    try reference.push(to: state)
    var count: Int32 = 0
    for argument in repeat each argument {
      try state.reserve(4)
      try argument.push(to: state)
      count += 1
    }
    try state.call(arguments: count, results: 1)
    do { return try Result.read(state, at: -1) } catch is ValueFault {
      throw LuaError(message: badResult(expected: Result.luaType, state))
    }
  }

  /// Calls for its effect.
  public func run<each Argument: LuaValue>(_ argument: repeat each Argument) throws {
    let state = try reference.state(), base = state.top
    defer { state.top = base }
    try reference.push(to: state)
    var count: Int32 = 0
    for argument in repeat each argument {
      try state.reserve(4)
      try argument.push(to: state)
      count += 1
    }
    try state.call(arguments: count, results: 0)
  }

  /// The function's source position, as `file.lua:12`.
  public var place: String? {
    guard let state = try? reference.state(), (try? reference.push(to: state)) != nil else { return nil }
    defer { state.pop() }
    return state.placeOfFunction(at: -1)
  }

  private func badResult(expected: String, _ state: LuaState) -> String {
    let name = label.map { "function '\($0)'" } ?? "the function"
    let got = state.number(at: -1).map(LuaText.number) ?? state.typeName(at: -1)
    return ArgumentError.badResult(
      of: name, place: place, expected: ArgumentError.article(expected), got: got)
  }
}
