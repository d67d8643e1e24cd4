import Files
import OrderedCollections
import Processes

/// Divides the documents of a stream into a part to train on and a part to measure with; both are lazy.
///
/// Each document's side follows from (seed, its text) alone, so the order of files changes nothing and equal
/// documents stay together. Of a mix, every source is divided.
/// - Parameter heldOut: the expected share of documents in the second part, between 0 and 1.
/// - Throws: `CorpusError` for a share outside that range.
public func split(
  _ stream: any DocumentStream, heldOut: Double, seed: UInt64
) throws -> (training: any DocumentStream, heldOut: any DocumentStream) {
  guard heldOut > 0, heldOut < 1 else {
    throw CorpusError(
      argument: "held_out", reason: "a number between 0 and 1 expected, got \(NumberText.text(of: heldOut))")
  }
  if let mix = stream as? MixedStream {
    return (
      try mix.mapped { SplitStream($0, heldOut: heldOut, seed: seed, isHeldOut: false) },
      try mix.mapped { SplitStream($0, heldOut: heldOut, seed: seed, isHeldOut: true) }
    )
  }
  return (
    SplitStream(stream, heldOut: heldOut, seed: seed, isHeldOut: false),
    SplitStream(stream, heldOut: heldOut, seed: seed, isHeldOut: true)
  )
}

/// The documents on one side of a split.
final class SplitStream: DocumentStream {
  let base: any DocumentStream
  let heldOut: Double
  let seed: UInt64
  let isHeldOut: Bool

  init(_ base: any DocumentStream, heldOut: Double, seed: UInt64, isHeldOut: Bool) {
    self.base = base
    self.heldOut = heldOut
    self.seed = seed
    self.isHeldOut = isHeldOut
  }

  var name: String { isHeldOut ? "\(base.name), held out" : base.name }

  func open(epoch: Int) throws -> any DocumentCursor { SplitCursor(self, try base.open(epoch: epoch)) }

  func shuffled(seed: UInt64) throws -> any DocumentStream {
    SplitStream(try base.shuffled(seed: seed), heldOut: heldOut, seed: self.seed, isHeldOut: isHeldOut)
  }

  var identity: JSON {
    get throws {
      .object([
        "kind": "split", "of": try base.identity, "held_out": .number(heldOut), "seed": .string(String(seed)),
        "part": .string(isHeldOut ? "held out" : "training"),
      ])
    }
  }

  /// A number from 0 up to 1 for each document; it is held out where the number lies below the share.
  func place(of document: Document) -> Double {
    Double(KeyedHash.value("split/\(seed)/" + document.identity) >> 11) * 0x1p-53
  }
}

private final class SplitCursor: DocumentCursor {
  private let stream: SplitStream
  private let base: any DocumentCursor
  private var seen = 0
  private var given = 0
  /// Of the documents not given, the place nearest to this side.
  private var nearest: Double

  init(_ stream: SplitStream, _ base: any DocumentCursor) {
    self.stream = stream
    self.base = base
    nearest = stream.isHeldOut ? 1 : 0
  }

  var emptyRows: Int { base.emptyRows }

  func next() throws -> Document? {
    while var document = try base.next() {
      try Interrupt.check()
      seen += 1
      let place = stream.place(of: document)
      if (place < stream.heldOut) == stream.isHeldOut {
        given += 1
        document.source = stream.name
        return document
      }
      nearest = stream.isHeldOut ? min(nearest, place) : max(nearest, place)
    }
    if given == 0 { throw emptyPart }
    return nil
  }

  private var emptyPart: CorpusError {
    let part = stream.isHeldOut ? "held-out" : "training"
    let share = NumberText.text(of: stream.heldOut)
    let advice = sufficient.map { "; at \($0) one would" } ?? ""
    return CorpusError(
      argument: "held_out",
      reason: "none of the \(seen) documents of \(stream.base.name) fell into the \(part) part at \(share)"
        + advice)
  }

  /// A share in few digits, close to the one asked for, at which this part is not empty.
  private var sufficient: String? {
    var scale = 100.0
    while scale < 1e15 {
      let digits = (nearest * scale).rounded(.down)
      let share = (stream.isHeldOut ? digits + 1 : digits) / scale
      if share > 0, share < 1 { return NumberText.text(of: share) }
      scale *= 10
    }
    return nil
  }

  var state: JSON {
    .object([
      "seen": JSON(seen), "given": JSON(given), "nearest": .number(nearest), "base": base.state,
    ])
  }

  func restore(_ state: JSON) throws {
    let reader = StateReader(state)
    seen = try reader.int("seen")
    given = try reader.int("given")
    nearest = try reader.double("nearest")
    try base.restore(try reader.value("base"))
  }
}
