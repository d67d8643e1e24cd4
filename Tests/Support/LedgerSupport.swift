public import Tensors

/// Thrown when tensors are still alive at the end of `withoutLeaks`.
public struct LiveTensors: Error, CustomStringConvertible {
  public let bytes: Int
  public var description: String { "\(bytes) bytes of tensors are still alive" }
}

/// Runs `body` with a ledger of its own; throws `LiveTensors` unless all its tensors are gone afterwards.
public func withoutLeaks(_ body: (StorageLedger) throws -> Void) throws {
  let ledger = StorageLedger()
  try StorageLedger.$current.withValue(ledger) { try body(ledger) }
  guard ledger.liveBytes == 0 else { throw LiveTensors(bytes: ledger.liveBytes) }
}
