private import CInterrupt

/// Thrown by a native loop that noticed the user's wish to stop.
public struct Interrupted: Error, CustomStringConvertible {
  public init() {}
  public var description: String { "interrupted" }
}

/// The program-wide wish to stop what is running, set by Ctrl-C.
public enum Interrupt {
  public static var isRequested: Bool { yy_interrupt_is_requested() }
  public static func request() { yy_interrupt_request() }
  public static func clear() { yy_interrupt_clear() }

  /// Call between blocks of work that take less than a tenth of a second.
  public static func check() throws {
    if isRequested { throw Interrupted() }
  }
}
