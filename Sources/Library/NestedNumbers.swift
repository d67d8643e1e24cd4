import Scripting
import Tensors

/// Nested Lua tables of numbers, all of one length on each level: `{ { 1, 2 }, { 3, 4 } }`, or a single number.
struct NestedNumbers: LuaValue {
  var shape: [Int] = []
  var values: [Float] = []

  static var luaType: String { "number|table" }
  static func accepts(_ state: LuaState, at index: Int32) -> Bool {
    state.kind(at: index) == .number || state.kind(at: index) == .table
  }

  static func read(_ state: LuaState, at index: Int32) throws -> NestedNumbers {
    var result = NestedNumbers()
    try result.append(state, at: state.absolute(index), level: 0)
    return result
  }

  private mutating func append(_ state: LuaState, at index: Int32, level: Int) throws {
    if let number = state.number(at: index) {
      guard level == shape.count else { throw uneven("a table", "a number", level) }
      values.append(Float(number))
      return
    }
    guard state.kind(at: index) == .table else { throw state.mismatch("number or table", at: index) }
    let count = state.rawLength(at: index)
    if level == shape.count {
      guard values.isEmpty else { throw uneven("a number", "a table", level) }
      guard level < 8 else { throw ValueFault("at most 8 levels of tables expected") }
      shape.append(count)
    } else if shape[level] != count {
      throw uneven("\(shape[level]) elements", "\(count)", level)
    }
    try state.reserve(8)
    for n in stride(from: 1, through: count, by: 1) {
      state.rawGet(n, from: index)
      defer { state.pop() }
      try append(state, at: state.top, level: level + 1)
    }
  }

  private func uneven(_ expected: String, _ got: String, _ level: Int) -> ValueFault {
    ValueFault(
      "tables of equal lengths expected, got \(got) where \(expected) stood before (level \(level + 1))")
  }

  func push(to state: LuaState) throws {
    var position = 0
    try push(to: state, level: 0, &position)
  }

  private func push(to state: LuaState, level: Int, _ position: inout Int) throws {
    guard level < shape.count else {
      state.push(Double(values[position]))
      position += 1
      return
    }
    try state.reserve(8)
    try state.pushTable(array: shape[level])
    for n in 0..<shape[level] {
      try push(to: state, level: level + 1, &position)
      try state.rawSet(n + 1, into: -2)
    }
  }

  init() {}

  init(_ tensor: Tensor) {
    shape = tensor.shape
    values = tensor.values
  }
}
