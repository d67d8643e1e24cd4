import CLua
import Files

extension LuaCallback {
  /// SHA-256 of the function's code and of the plain values and functions it has captured.
  ///
  /// The code counts without names and lines, so a comment changes nothing and a constant does. Captured tables and
  /// objects count by their type only.
  public func fingerprint() throws -> String {
    let state = try reference.state(), base = state.top
    defer { state.top = base }
    try reference.push(to: state)
    var material: [UInt8] = []
    try state.describe(at: -1, in: &material, depth: 0)
    return SHA256.hex(of: material)
  }
}

extension LuaState {
  fileprivate func describe(at index: Int32, in material: inout [UInt8], depth: Int) throws {
    try reserve(8)
    material += typeName(at: index).utf8 + [10]
    switch kind(at: index) {
    case .boolean: material.append(boolean(at: index) ? 1 : 0)
    case .number: material += (number(at: index).map(LuaText.number) ?? "").utf8
    case .string: withBytes(at: index) { material += $0 }
    case .function where depth < 8: try describeFunction(at: absolute(index), in: &material, depth: depth)
    default: break
    }
    material.append(10)
  }

  private func describeFunction(at index: Int32, in material: inout [UInt8], depth: Int) throws {
    pushCopy(of: index)
    var code: [UInt8] = []
    withUnsafeMutablePointer(to: &code) { code in
      _ = lua_dump(
        pointer,
        { _, bytes, count, context in
          guard let bytes, let context else { return 1 }
          let code = context.assumingMemoryBound(to: [UInt8].self)
          code.pointee += UnsafeRawBufferPointer(start: bytes, count: count)
          return 0
        }, code, 1)
    }
    pop()
    material += code
    var n: Int32 = 1
    while lua_getupvalue(pointer, index, n) != nil {
      defer { pop() }
      // The table of globals is the same for all.
      if kind(at: -1) != .table { try describe(at: -1, in: &material, depth: depth + 1) }
      n += 1
    }
  }
}
