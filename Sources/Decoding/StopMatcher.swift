/// Cuts text at the first stop string, holding back whatever could still become one.
struct StopMatcher {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  private(set) var hasStopped = false

  init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }
  }

  /// Takes more text and returns what is now certain not to belong to a stop string.
  mutating func take(_ text: String) -> String {
    guard !hasStopped else { return "" }
    held += Array(text.utf8)
    if let end = firstStop() {
      hasStopped = true
      defer { held = [] }
      return String(decoding: held[..<end], as: UTF8.self)
    }
    let safe = held.count - longestPossibleStart()
    defer { held.removeFirst(safe) }
    return String(decoding: held[..<safe], as: UTF8.self)
  }

  /// The text held back, once nothing more comes.
  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  private func firstStop() -> Int? {
    for start in held.indices where stops.contains(where: { held[start...].starts(with: $0) }) {
      return start
    }
    return nil
  }

  /// The length of the longest end of the held text that begins a stop string.
  private func longestPossibleStart() -> Int {
    let longest = stops.map { $0.count - 1 }.max() ?? 0
    for length in stride(from: min(longest, held.count), to: 0, by: -1) {
      if stops.contains(where: { $0.count > length && $0.starts(with: held.suffix(length)) }) {
        return length
      }
    }
    return 0
  }
}
