import Processes

/// An error that Lua raised, with its value kept so that it can be raised again as what it was.
public struct LuaError: Error, CustomStringConvertible, @unchecked Sendable {
  // Unchecked: the value belongs to one interpreter, and errors do not leave its thread.

  public enum Kind: Sendable {
    case syntax, runtime, memory
  }

  public let kind: Kind
  /// The text of the error value, with the position that Lua put before it.
  public let message: String
  /// The value itself; nil when Swift made the error, or when there was no memory to keep it.
  public let value: LuaAny?
  /// Lua's traceback, from `stack traceback:` on; empty for errors of the compiler.
  public let traceback: String

  public init(kind: Kind = .runtime, message: String, value: LuaAny? = nil, traceback: String = "") {
    self.kind = kind
    self.message = message
    self.value = value
    self.traceback = traceback
  }

  public var description: String { message }
}

enum InterruptedRun {
  static var error: any Error { Interrupted() }
}
