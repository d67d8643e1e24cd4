import CLuaShim

/// When to run Lua's collector for the sake of memory that Lua does not see, by torch7's rule: above a soft limit
/// of 300 MB collect; when more than 80 % of the limit survives, raise it by 1.4.
struct MemoryPressure {
  var bytes: (() -> Int)?
  var limit = 300_000_000
  private(set) var collections = 0

  mutating func relieve(_ collect: () -> Void) {
    guard let bytes, bytes() > limit else { return }
    collect()
    collections += 1
    if Double(bytes()) > 0.8 * Double(limit) { limit = Int(1.4 * Double(limit)) }
  }
}

extension Interpreter {
  /// Bytes of Swift memory above which a native call runs Lua's collector; grows when little was freed.
  public var externalLimit: Int {
    get { pressure.limit }
    set { pressure.limit = newValue }
  }

  /// How often the memory of Swift objects made the collector run.
  public var forcedCollections: Int { pressure.collections }

  func relieve() {
    guard let bytes = pressure.bytes, bytes() > pressure.limit else { return }
    var pressure = pressure
    self.pressure.limit = .max  // finalizers call back into Swift
    pressure.relieve { yy_collect(state.pointer) }
    self.pressure = pressure
  }
}
