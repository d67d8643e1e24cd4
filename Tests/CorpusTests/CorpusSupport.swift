import Corpus
import TestSupport
import Tokenizers

/// A tokenizer of bytes that counts what it is given.
final class CountingTokenizer: ByteTokenizer {
  private(set) var texts = 0

  override func encode(_ text: String) throws -> [Int32] {
    texts += 1
    return try super.encode(text)
  }
}

/// Words of random numbers for property tests; the seed is part of the test's arguments.
struct Numbers: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &+ 0x9E37_79B9_7F4A_7C15
  }

  /// Lines of lower-case letters, some of them empty.
  mutating func lines(_ count: Int, upTo length: Int) -> [String] {
    (0..<count).map { _ in
      String(
        decoding: (0..<Int.random(in: 0...length, using: &self)).map { _ in
          UInt8.random(in: 97...122, using: &self)
        }, as: UTF8.self)
    }
  }
}

extension RowSource {
  func allRows(limit: Int = 100_000) throws -> [Row] {
    let cursor = try open()
    var rows: [Row] = []
    while rows.count < limit, let row = try cursor.next() { rows.append(row) }
    return rows
  }
}

extension DocumentStream {
  func allTexts(epoch: Int = 0) throws -> [String] {
    let cursor = try open(epoch: epoch)
    var texts: [String] = []
    while let document = try cursor.next() { texts.append(document.text) }
    return texts
  }
}

extension Row {
  /// The (token, target) pairs that are trained, document by document.
  var trainedPairs: [[Int32]] {
    zip(ids, targets).filter { $0.1 >= 0 }.map { [$0.0, $0.1] }
  }
}
