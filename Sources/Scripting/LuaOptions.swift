/// A struct that Lua's users write as a table of options.
///
/// ```swift
/// struct GenerateOptions: LuaOptions {
///   var maxTokens = 128, temperature = 1.0
///   var onToken: LuaCallback?
///   static let luaName = "GenerateOptions"
///   static let fields = [
///     Field("max_tokens", "upper bound on new tokens", \Self.maxTokens),
///     Field("temperature", "0 picks the likeliest token", \Self.temperature),
///     Field("on_token", "called with each piece", \Self.onToken),
///   ]
/// }
/// ```
/// The struct's own initial values are the defaults. A property of optional type has none; `required: true` demands it.
public protocol LuaOptions: LuaValue {
  init()
  /// The name in annotations.
  static var luaName: String { get }
  static var fields: [Field<Self>] { get }
  /// Checks what no single field can see. Throw `BadArgument(option name, reason)`.
  func validate() throws
}

extension LuaOptions {
  public static var luaType: String { luaName }
  public static var isOptional: Bool { fields.allSatisfy { !$0.isRequired } }
  public static var optionFields: [FieldDoc] { fields.map { $0.documentation() } }
  public static func accepts(_ state: LuaState, at index: Int32) -> Bool { state.kind(at: index) == .table }
  public func validate() throws {}

  public static func read(_ state: LuaState, at index: Int32) throws -> Self {
    if isOptional && state.isNil(at: index) { return Self() }
    guard state.kind(at: index) == .table else { throw state.mismatch("table", at: index) }
    let index = state.absolute(index), fields = fields
    try state.reserve(8)
    var options = Self()
    try refuseUnknown(fields, state, index)
    for field in fields {
      switch field.place {
      case .list: try field.read(&options, state, index)
      case .name, .element:
        if case .element(let n) = field.place {
          state.rawGet(n, from: index)
        } else {
          try state.rawGet(field.name, from: index)
        }
        defer { state.pop() }
        if !state.isNil(at: -1) {
          try field.read(&options, state, -1)
        } else if field.isRequired {
          throw ValueFault(field.missing)
        }
      }
    }
    do { try options.validate() } catch let fault as any ArgumentFault {
      throw ValueFault(ArgumentError.option(fault.argument, fault.reason))
    }
    return options
  }

  private static func refuseUnknown(_ fields: [Field<Self>], _ state: LuaState, _ index: Int32) throws {
    let hasList = fields.contains { $0.place == .list }
    try state.forEachPair(of: index) {
      if state.kind(at: -2) == .string, let key = state.text(at: -2) {
        if fields.contains(where: { $0.place == .name && $0.name == key }) { return }
        let names = fields.filter { $0.place == .name }.map(\.name)
        throw ValueFault(ArgumentError.unknownOption(key, among: names))
      }
      if let n = state.integer(at: -2) {
        if hasList && n >= 1 { return }
        if fields.contains(where: { $0.place == .element(n) }) { return }
        throw ValueFault(ArgumentError.unexpectedElement(String(n)))
      }
      let key = state.number(at: -2).map(LuaText.number) ?? state.typeName(at: -2)
      throw ValueFault(ArgumentError.unexpectedElement(key))
    }
  }

  /// A table with every field that has a value.
  public func push(to state: LuaState) throws {
    try state.reserve(8)
    try state.pushTable(fields: Self.fields.count)
    for field in Self.fields { try field.write(self, state) }
  }
}
