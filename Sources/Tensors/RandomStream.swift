import CKernels
import Glibc

/// The numbers of one key, one after the other (Philox4x32-10: Salmon and others 2011).
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: RandomKey
  private var block: UInt64 = 0
  private var waiting: UInt64?

  public init(_ key: RandomKey) { self.key = key }

  public mutating func next() -> UInt64 {
    if let word = waiting {
      waiting = nil
      return word
    }
    let (first, second) = Philox.block(block, of: key)
    block += 1
    waiting = second
    return first
  }

  /// A number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number of the standard normal distribution (Box & Muller 1958).
  public mutating func normal() -> Float {
    let radius = sqrt(-2 * log((Double(next() >> 11) + 1) * 0x1p-53))
    return Float(radius * cos(2 * Double.pi * uniform()))
  }
}

/// The block function itself: 128 bits of counter and 64 of key give 128 bits.
enum Philox {
  static func words(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    precondition(counter.count == 4 && key.count == 2)
    return [UInt32](unsafeUninitializedCapacity: 4) { out, count in
      count = 4
      if let base = out.baseAddress { yy_philox(base, counter, key) }
    }
  }

  static func block(_ block: UInt64, of key: RandomKey) -> (UInt64, UInt64) {
    let w = words(counter: halves(block) + halves(key.high), key: halves(key.key))
    return (UInt64(w[1]) << 32 | UInt64(w[0]), UInt64(w[3]) << 32 | UInt64(w[2]))
  }

  private static func halves(_ word: UInt64) -> [UInt32] {
    [UInt32(truncatingIfNeeded: word), UInt32(word >> 32)]
  }
}
