public import Files
import OrderedCollections
import Processes

/// Several streams in given shares.
///
/// Nothing is random: the next document comes from the source that is furthest behind its share. `PackedData`
/// measures shares in tokens. Read on its own, without a tokenizer, a mix measures them in bytes of text.
public final class MixedStream: DocumentStream {
  public enum Weight {
    case share(Double)
    /// A pure function of the progress, from 0 at the first token to 1 at the last of the budget. The
    /// fingerprint stands for its code, so that a checkpoint notices another function.
    case function(fingerprint: String, (Double) throws -> Double)
  }

  public struct Source {
    public let stream: any DocumentStream
    public let weight: Weight
    /// At its end it does not start again, and its share goes to the others.
    public let once: Bool

    public init(_ stream: any DocumentStream, weight: Weight, once: Bool = false) {
      self.stream = stream
      self.weight = weight
      self.once = once
    }
  }

  public let sources: [Source]

  /// - Parameter seed: shuffles the documents of each source, anew in every pass; none keeps their order.
  /// - Throws: `CorpusError` for a mix of nothing or a weight that is no share; a source may not be a mix
  /// itself.
  public init(_ sources: [Source], seed: UInt64? = nil) throws {
    guard !sources.isEmpty else {
      throw CorpusError(argument: "sources", reason: "a mix needs at least one source")
    }
    for (i, source) in sources.enumerated() {
      if source.stream is MixedStream {
        throw CorpusError(argument: "source \(i + 1)", reason: "a mix cannot be a source of another mix")
      }
      if case .share(let weight) = source.weight { try Self.check(weight, of: source.stream.name, at: nil) }
    }
    let isZero = sources.allSatisfy { if case .share(0) = $0.weight { true } else { false } }
    if isZero { throw CorpusError(argument: "weight", reason: "every source of the mix has weight 0") }
    guard let seed else {
      self.sources = sources
      return
    }
    self.sources = try sources.map {
      Source(try $0.stream.shuffled(seed: seed), weight: $0.weight, once: $0.once)
    }
  }

  public var name: String { sources.map(\.stream.name).joined(separator: " + ") }
  /// Whether some source starts again at its end.
  public var isEndless: Bool { sources.contains { !$0.once } }
  var needsProgress: Bool { sources.contains { if case .function = $0.weight { true } else { false } } }

  public func open(epoch: Int) throws -> any DocumentCursor { try MixCursor(self, epoch: epoch) }

  public func shuffled(seed: UInt64) throws -> any DocumentStream {
    try mapped { try $0.shuffled(seed: seed) }
  }

  func mapped(_ change: (any DocumentStream) throws -> any DocumentStream) throws -> MixedStream {
    try MixedStream(sources.map { Source(try change($0.stream), weight: $0.weight, once: $0.once) })
  }

  public var identity: JSON {
    get throws {
      .object([
        "kind": "mix",
        "sources": .array(
          try sources.map { source in
            let weight: JSON =
              switch source.weight {
              case .share(let share): .number(share)
              case .function(let fingerprint, _): .string(fingerprint)
              }
            return .object([
              "stream": try source.stream.identity, "weight": weight, "once": .bool(source.once),
            ])
          }),
      ])
    }
  }

  /// The weights at a moment, as given.
  func weights(at progress: Double) throws -> [Double] {
    try sources.map { source in
      switch source.weight {
      case .share(let share): return share
      case .function(_, let function):
        let weight = try function(progress)
        try Self.check(weight, of: source.stream.name, at: progress)
        return weight
      }
    }
  }

  private static func check(_ weight: Double, of name: String, at progress: Double?) throws {
    if weight.isFinite && weight >= 0 { return }
    let moment = progress.map { " at progress \(NumberText.text(of: $0))" } ?? ""
    throw CorpusError(
      argument: "weight",
      reason: "a number from 0 on expected for \(name)\(moment), got \(NumberText.text(of: weight))")
  }
}

/// Keeps account of who is how far behind its share.
struct ShareBook {
  /// What each source should have given, and what it gave.
  var due: [Double]
  var used: [Double]
  var ended: [Bool]

  init(count: Int) {
    due = Array(repeating: 0, count: count)
    used = due
    ended = Array(repeating: false, count: count)
  }

  /// The shares of the sources that have not ended; nil when none with a weight is left.
  func shares(of weights: [Double]) -> [Double]? {
    let live = zip(weights, ended).map { $1 ? 0 : $0 }
    let sum = live.reduce(0, +)
    return sum > 0 ? live.map { $0 / sum } : nil
  }

  /// The source furthest behind; `ahead` is the size of a typical draw.
  func furthestBehind(_ shares: [Double], ahead: Double) -> Int {
    var best = -1
    var most = -Double.infinity
    for (i, share) in shares.enumerated() where share > 0 {
      let behind = due[i] - used[i] + share * ahead
      if behind > most { (best, most) = (i, behind) }
    }
    return best
  }

  mutating func draw(_ amount: Double, from source: Int, _ shares: [Double]) {
    for (i, share) in shares.enumerated() { due[i] += share * amount }
    used[source] += amount
  }
}

/// A mix read on its own, shares in bytes.
private final class MixCursor: DocumentCursor {
  private let mix: MixedStream
  private var cursors: [any DocumentCursor]
  private var epochs: [Int]
  private var book: ShareBook

  init(_ mix: MixedStream, epoch: Int) throws {
    if mix.needsProgress {
      throw CorpusError(
        argument: "weight", reason: "a weight that is a function needs a budget: pack the mix with tokens = N"
      )
    }
    self.mix = mix
    cursors = try mix.sources.map { try $0.stream.open(epoch: epoch) }
    epochs = Array(repeating: epoch, count: cursors.count)
    book = ShareBook(count: cursors.count)
  }

  var emptyRows: Int { cursors.reduce(0) { $0 + $1.emptyRows } }

  func next() throws -> Document? {
    while let shares = book.shares(of: try mix.weights(at: 0)) {
      let source = book.furthestBehind(shares, ahead: 1)
      var document = try cursors[source].next()
      if document == nil && !mix.sources[source].once {
        epochs[source] += 1
        cursors[source] = try mix.sources[source].stream.open(epoch: epochs[source])
        document = try cursors[source].next()
      }
      guard let document else {
        book.ended[source] = true
        continue
      }
      book.draw(Double(document.text.utf8.count), from: source, shares)
      return document
    }
    return nil
  }

  var state: JSON {
    .array(
      cursors.indices.map { i in
        .object([
          "epoch": JSON(epochs[i]), "cursor": cursors[i].state, "due": .number(book.due[i]),
          "used": .number(book.used[i]), "ended": .bool(book.ended[i]),
        ])
      })
  }

  func restore(_ state: JSON) throws {
    guard let states = state.arrayValue, states.count == cursors.count else {
      throw CorpusError(argument: "state", reason: "the saved place belongs to a mix of other sources")
    }
    for (i, state) in states.enumerated() {
      let reader = StateReader(state)
      epochs[i] = try reader.int("epoch")
      try cursors[i].restore(try reader.value("cursor"))
      book.due[i] = try reader.double("due")
      book.used[i] = try reader.double("used")
      book.ended[i] = try reader.bool("ended")
    }
  }
}
