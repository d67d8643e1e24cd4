import CLuaShim

/// What Lua sees of a Swift class: methods, properties and operators, each declared once.
public struct LuaClass<Object: LuaObject>: Sendable {
  public let name: String
  public let summary: String
  let members: [LuaMember<Object>]
  /// Whether Lua may let go of an instance at once, by `x:free()` or `local x <close> = ...`.
  let isClosable: Bool

  public init(_ name: String, _ summary: String, closable: Bool = false, _ members: [LuaMember<Object>]) {
    self.name = name
    self.summary = summary
    self.members = members
    isClosable = closable
  }
}

/// A class whose Swift type does not matter.
public protocol AnyLuaClass: Sendable {
  var name: String { get }
  var documentation: ClassDoc { get }
}

extension LuaClass: AnyLuaClass {
  public var documentation: ClassDoc {
    func docs(_ kinds: LuaMember<Object>.Kind...) -> [FunctionDoc] {
      members.filter { kinds.contains($0.kind) }.map { $0.makeDocumentation() }
    }
    let writable = Set(members.filter { $0.kind == .setter }.map(\.name))
    let properties = docs(.getter).map {
      PropertyDoc(
        name: $0.name, summary: $0.summary, type: $0.results.first?.type ?? "any",
        isWritable: writable.contains($0.name))
    }
    var methods = docs(.method)
    if isClosable { methods.append(freeing) }
    return ClassDoc(
      name: name, summary: summary, methods: methods, properties: properties,
      operators: docs(.meta, .index, .newIndex))
  }

  private var freeing: FunctionDoc {
    FunctionDoc(name: "free", summary: "Lets go of the memory at once.", example: "x:free()", owner: name)
  }

  /// The names that `x.name` finds.
  var memberNames: [String] {
    members.filter { $0.kind == .method || $0.kind == .getter }.map(\.name) + (isClosable ? ["free"] : [])
  }

  /// Makes the metatable unless this interpreter has it.
  func prepare(in state: LuaState) throws {
    let interpreter = state.interpreter, key = ObjectIdentifier(Object.self)
    if interpreter.classes[key] != nil { return }
    let base = state.top
    do {
      try state.reserve(20)
      try state.pushTable(fields: 12)
      let address = state.address(at: -1)
      try fill(state)
      try state.check(yy_set_metatable_of(state.pointer, Object.classKey))
      interpreter.classes[key] = self
      interpreter.classesByMetatable[address] = self
    } catch {
      state.top = base
      throw error
    }
  }

  /// Sets the fields of the metatable on top.
  private func fill(_ state: LuaState) throws {
    let metatable = state.top
    try state.push(name)
    try state.rawSet("__name", into: metatable)
    try state.push(name)
    try state.rawSet("__metatable", into: metatable)
    try setDefaults(state, metatable)
    try Dictionary(memberNames.map { ($0, true) }, uniquingKeysWith: { a, _ in a }).push(to: state)
    try state.rawSet("__methods", into: metatable)  // for completion, which may not call anything
    for member in members where member.kind == .meta {
      try push(member, state, separator: ":")
      try state.rawSet(member.name, into: metatable)
    }
    let indexer = members.first { $0.kind == .index }, newIndexer = members.first { $0.kind == .newIndex }
    let names = memberNames, name = name

    try pushTable(of: .method, state)
    if isClosable { try setFree(state, methods: state.top, metatable: metatable) }
    try pushTable(of: .getter, state)
    if let indexer { try push(indexer, state, separator: ":") } else { state.pushNil() }
    try state.pushFunction(named: name) { state in
      let member = state.text(at: 2) ?? LuaAny.description(state, at: 2)
      throw LuaError(message: ArgumentError.noMember(member, of: name, among: names))
    }
    try state.check(yy_push_class_index(state.pointer))
    try state.rawSet("__index", into: metatable)

    try pushTable(of: .setter, state)
    if let newIndexer { try push(newIndexer, state, separator: ":") } else { state.pushNil() }
    try state.pushFunction(named: name) { state in
      let member = state.text(at: 2) ?? LuaAny.description(state, at: 2)
      if names.contains(member) { throw LuaError(message: ArgumentError.readOnly(member, of: name)) }
      throw LuaError(message: ArgumentError.noMember(member, of: name, among: names))
    }
    try state.check(yy_push_class_newindex(state.pointer))
    try state.rawSet("__newindex", into: metatable)
  }

  /// What every class has unless it declares its own.
  private func setDefaults(_ state: LuaState, _ metatable: Int32) throws {
    let name = name
    try state.pushFunction(named: "\(name):__tostring") { state in
      guard yy_is_object(state.pointer, 1, Object.classKey), yy_object(state.pointer, 1) != nil else {
        try state.push("\(name) (freed)")
        return 1
      }
      let object = try Object.read(state, at: 1)
      try state.push((object as? any CustomStringConvertible)?.description ?? name)
      return 1
    }
    try state.rawSet("__tostring", into: metatable)
    try state.pushFunction(named: "\(name):__eq") { state in
      state.push(try Object.read(state, at: 1) === Object.read(state, at: 2))
      return 1
    }
    try state.rawSet("__eq", into: metatable)
  }

  private func setFree(_ state: LuaState, methods: Int32, metatable: Int32) throws {
    let documentation = freeing
    let box = FunctionBox(name: "\(name):free", makeDocumentation: { documentation }) { state in
      guard Object.accepts(state, at: 1) else {
        let reason = state.mismatch(Object.luaType, at: 1).reason
        throw ArgumentFailure(number: 0, name: "self", reason: reason, usedDot: true)
      }
      yy_free_object(state.pointer, 1)
      return 0
    }
    try state.push(box)
    state.pushCopy(of: -1)
    try state.rawSet("free", into: methods)
    try state.rawSet("__close", into: metatable)
  }

  private func pushTable(of kind: LuaMember<Object>.Kind, _ state: LuaState) throws {
    try state.pushTable(fields: members.count)
    for member in members where member.kind == kind {
      try push(member, state, separator: kind == .method ? ":" : ".")
      try state.rawSet(member.name, into: -2)
    }
  }

  private func push(_ member: LuaMember<Object>, _ state: LuaState, separator: String) throws {
    let name = "\(name)\(separator)\(member.name)"
    try state.push(FunctionBox(name: name, makeDocumentation: member.makeDocumentation, body: member.invoke))
  }
}

extension LuaAny {
  /// A key as text for a message, whatever it is.
  static func description(_ state: LuaState, at index: Int32) -> String {
    state.number(at: index).map(LuaText.number) ?? state.typeName(at: index)
  }
}
