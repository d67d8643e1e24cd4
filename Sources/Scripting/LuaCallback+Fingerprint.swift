import CLua
import CLuaShim
import Files

extension LuaCallback {
  /// SHA-256 of the function's code and of the plain values, tables and functions it has captured.
  ///
  /// The code counts with the lines it begins and ends on, without names: a comment inside a line changes nothing, a
  /// constant does. Objects, modules and tables with a metatable count by their type only.
  public func fingerprint() throws -> String {
    let state = try reference.state(), base = state.top
    defer { state.top = base }
    try reference.push(to: state)
    var description = try Description(state)
    try description.add(at: -1, depth: 0)
    return SHA256.hex(of: description.material)
  }
}

/// The bytes that stand for a value: equal ones for equal values in another process.
private struct Description {
  let state: LuaState
  private(set) var material: [UInt8] = []
  /// Tables by address, numbered as they are met, so that a cycle ends.
  private var met: [UInt: Int] = [:]

  /// A loaded module, the globals among them, changes with what else a program does.
  private var modules: Set<UInt> = []

  init(_ state: LuaState) throws {
    self.state = state
    let registry = yy_registry()
    try state.rawGet("_LOADED", from: registry)
    try state.forEachPair(of: -1) { modules.insert(state.address(at: -1)) }
    state.pop()
  }

  mutating func add(at index: Int32, depth: Int) throws {
    try state.reserve(12)
    material += state.typeName(at: index).utf8 + [10]
    switch state.kind(at: index) {
    case .boolean: material.append(state.boolean(at: index) ? 1 : 0)
    case .number: material += (state.number(at: index).map(LuaText.number) ?? "").utf8
    case .string:
      state.withBytes(at: index) { bytes in
        material += "\(bytes.count) ".utf8
        material += bytes
      }
    case .function where depth < 8: try addFunction(at: state.absolute(index), depth: depth)
    case .table where depth < 8: try addTable(at: state.absolute(index), depth: depth)
    default: break
    }
    material.append(10)
  }

  private mutating func addTable(at index: Int32, depth: Int) throws {
    if modules.contains(state.address(at: index)) { return }
    if let number = met[state.address(at: index)] {
      material += "table \(number)".utf8
      return
    }
    if state.pushMetatable(of: index) { return state.pop() }
    met[state.address(at: index)] = met.count + 1
    // By key, since Lua keeps no order; keys that are objects have none and count by their type.
    var keys: [(text: [UInt8], place: Int)] = []
    let base = state.top
    defer { state.top = base }
    try state.pushTable()
    let values = state.absolute(-1)
    try state.forEachPair(of: index) {
      var key = self
      key.material = []
      switch state.kind(at: -2) {
      case .table, .function: key.material = Array(state.typeName(at: -2).utf8)
      default: try key.add(at: -2, depth: depth + 1)
      }
      try state.reserve(4)
      state.pushCopy(of: -1)
      keys.append((key.material, keys.count + 1))
      try state.rawSet(keys.count, into: values)
    }
    for (text, place) in keys.sorted(by: { $0.text.lexicographicallyPrecedes($1.text) }) {
      material += text
      state.rawGet(place, from: values)
      try add(at: -1, depth: depth + 1)
      state.pop()
    }
  }

  private mutating func addFunction(at index: Int32, depth: Int) throws {
    state.pushCopy(of: index)
    var code: [UInt8] = []
    withUnsafeMutablePointer(to: &code) { code in
      _ = lua_dump(
        state.pointer,
        { _, bytes, count, context in
          guard let bytes, let context else { return 1 }
          let code = context.assumingMemoryBound(to: [UInt8].self)
          code.pointee += UnsafeRawBufferPointer(start: bytes, count: count)
          return 0
        }, code, 1)
    }
    state.pop()
    material += code
    var n: Int32 = 1
    while lua_getupvalue(state.pointer, index, n) != nil {
      defer { state.pop() }
      try add(at: -1, depth: depth + 1)
      n += 1
    }
  }
}
