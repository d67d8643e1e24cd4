/// Names one sequence of random numbers by what it is for, never by when it is asked for.
///
/// Two keys with the same seed, purpose and indices give the same numbers, in any order, on any thread; keys
/// that differ anywhere give independent ones.
public struct RandomKey: Hashable, Sendable {
  /// The 64-bit key of Philox.
  let key: UInt64
  /// The upper half of Philox's counter; the lower half counts blocks.
  let high: UInt64

  public init(seed: UInt64, _ purpose: String, _ indices: UInt64...) {
    self.init(seed: seed, purpose, indices)
  }

  public init(seed: UInt64, _ purpose: String, _ indices: [UInt64]) {
    var hash = Hash(seed)
    for byte in purpose.utf8 { hash.absorb(UInt64(byte)) }
    hash.absorb(UInt64.max)  // ends the name: no byte equals it
    for index in indices { hash.absorb(index) }
    hash.absorb(UInt64(indices.count))
    (key, high) = (hash.a, hash.b)
  }

  private init(hash: Hash) { (key, high) = (hash.a, hash.b) }

  /// The key of one part of what this key stands for: a layer, a row, a step.
  public func child(_ purpose: String, _ indices: UInt64...) -> RandomKey {
    let inner = RandomKey(seed: key, purpose, indices)
    var hash = Hash(inner.key)
    hash.absorb(high)
    hash.absorb(inner.high)
    return RandomKey(hash: hash)
  }

  /// Two chains of splitmix64's mixing function (Steele, Lea & Flood 2014) over the same words.
  private struct Hash {
    var a: UInt64
    var b: UInt64

    init(_ seed: UInt64) {
      a = Hash.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
      b = Hash.mix(seed ^ 0xD1B5_4A32_D192_ED03)
    }

    mutating func absorb(_ word: UInt64) {
      a = Hash.mix((a ^ word) &+ 0x9E37_79B9_7F4A_7C15)
      b = Hash.mix((b &+ word) ^ 0xD1B5_4A32_D192_ED03)
    }

    static func mix(_ word: UInt64) -> UInt64 {
      var z = word
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }
}
