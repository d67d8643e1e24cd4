import CLua
import CLuaShim
import Processes

/// A Swift function as Lua holds it.
final class FunctionBox {
  /// As messages name it: `tensor.zeros`, `Tensor:matmul`.
  let name: String
  private let makeDocumentation: (() -> FunctionDoc)?
  let body: (LuaState) throws -> Int32

  init(
    name: String, makeDocumentation: (() -> FunctionDoc)? = nil, body: @escaping (LuaState) throws -> Int32
  ) {
    self.name = name
    self.makeDocumentation = makeDocumentation
    self.body = body
  }

  /// What `help` and messages know of it.
  var documentation: FunctionDoc? { makeDocumentation?() }

  /// The message for an error of the body; nil when the error has a Lua value of its own.
  func message(for error: any Error) -> String {
    switch error {
    case let error as ArgumentFailure where error.number == 0:
      return ArgumentError.badSelf(of: name, error.reason, usedDot: error.usedDot)
    case let error as ArgumentFailure:
      return ArgumentError.bad(error.number, error.name, of: name, error.reason)
    case let error as TooManyArguments:
      return ArgumentError.tooMany(name, most: error.most, got: error.got)
    case let error as any ArgumentFault where error.argument == "self" && documentation?.owner != nil:
      return ArgumentError.badSelf(of: name, error.reason, usedDot: false)
    case let error as any ArgumentFault:
      if let text = documentation.flatMap({ place(error, among: $0.parameters) }) { return text }
      return describe(error)
    default:
      return describe(error)
    }
  }

  private func place(_ fault: any ArgumentFault, among parameters: [ParameterDoc]) -> String? {
    for (index, parameter) in parameters.enumerated() {
      if parameter.name == fault.argument {
        return ArgumentError.bad(index + 1, parameter.name, of: name, fault.reason)
      }
      if let path = path(to: fault.argument, among: parameter.fields) {
        let reason = ArgumentError.option(path, fault.reason)
        return ArgumentError.bad(index + 1, parameter.name, of: name, reason)
      }
    }
    return nil
  }

  private func path(to name: String, among fields: [FieldDoc], depth: Int = 0) -> String? {
    for field in fields {
      if field.name == name { return name }
      if depth < 4, let rest = path(to: name, among: field.fields, depth: depth + 1) {
        return "\(field.name).\(rest)"
      }
    }
    return nil
  }
}

/// The text of an error; never the name of a Swift type.
func describe(_ error: any Error) -> String {
  (error as? any CustomStringConvertible)?.description ?? "an error that has no description"
}

extension LuaState {
  /// Pushes a Swift function; it may throw, and answers how many values on top are its results.
  public func pushFunction(named name: String, _ body: @escaping (LuaState) throws -> Int32) throws {
    try push(FunctionBox(name: name, body: body))
  }

  func push(_ box: FunctionBox) throws {
    try reserve(4)
    let retained = Unmanaged<AnyObject>.passRetained(box)
    let status = yy_push_function(pointer, retained.toOpaque())
    if status != LUA_OK {
      retained.release()
      try check(status)
    }
  }

  /// The Swift function at `index`; nil for functions of Lua or C.
  func functionBox(at index: Int32) -> FunctionBox? {
    guard kind(at: index) == .function, let raw = yy_function_box(pointer, index) else { return nil }
    return Unmanaged<AnyObject>.fromOpaque(raw).takeUnretainedValue() as? FunctionBox
  }

  /// Pushes the error value for what a body threw.
  fileprivate func pushError(_ error: any Error, of box: FunctionBox) {
    top = min(top, 40)
    do {
      try reserve(8)
      switch error {
      case is Interrupted:
        yy_push_interrupt(pointer)
      case let error as LuaError:
        if let value = error.value {
          try value.push(to: self)
          try push(error.traceback)
          yy_keep_traceback(pointer)
        } else if error.kind == .memory {
          try push(error.message)
        } else {
          try push(ArgumentError.withPosition(currentPlace(), error.message))
        }
      default:
        try push(ArgumentError.withPosition(currentPlace(), box.message(for: error)))
      }
    } catch is Interrupted {
      yy_push_interrupt(pointer)
    } catch {
      yy_push_out_of_memory(pointer)
    }
  }
}

/// What C calls back.
let callbacks = yy_callbacks(
  call: { pointer, raw in
    guard let pointer, let raw else { return 0 }
    let state = LuaState(pointer)
    let box = Unmanaged<AnyObject>.fromOpaque(raw).takeUnretainedValue()
    guard let box = box as? FunctionBox else { return 0 }
    do {
      let count = try box.body(state)
      state.interpreter.relieve()
      return count
    } catch {
      state.pushError(error, of: box)
      return YY_RAISE
    }
  },
  release: { raw in
    if let raw { Unmanaged<AnyObject>.fromOpaque(raw).release() }
  },
  warn: { context, text in
    guard let context, let text else { return }
    Unmanaged<Interpreter>.fromOpaque(context).takeUnretainedValue().onWarning(String(cString: text))
  })
