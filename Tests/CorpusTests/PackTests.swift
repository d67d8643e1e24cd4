import Corpus
import Files
import TestSupport
import Testing
import Tokenizers

@Suite struct PackTests {
  let folder: TemporaryFolder
  let tokenizer = ByteTokenizer()
  init() throws { folder = try TemporaryFolder() }

  private func texts(_ lines: [String], name: String = "a.txt") throws -> TextStream {
    try TextStream([folder.write(name, lines.joined(separator: "\n"))])
  }

  @Test func documentsKeepTheirOrderAndTheirTargets() throws {
    let data = try PackedData(texts(["ab", "c", "defgh"]), tokenizer: tokenizer, options: .init(length: 8))
    let rows = try data.allRows()
    let path = folder.file("a.txt")
    #expect(
      rows == [
        Row(
          ids: [1, 100, 101, 2, 1, 102, 2], targets: [100, 101, 2, -1, 102, 2, -1], documents: [4, 3],
          samples: ["\(path):1", "\(path):2"]),
        Row(
          ids: [1, 103, 104, 105, 106, 107, 2], targets: [103, 104, 105, 106, 107, 2, -1], documents: [7],
          samples: ["\(path):3"]),
      ])
    #expect(rows.map(\.trainedCount) == [5, 6])
  }

  @Test func beginAndEndTokensCanBeLeftOut() throws {
    let options = PackOptions(length: 4, bos: false, eos: false)
    let rows = try PackedData(texts(["ab", "cd"]), tokenizer: tokenizer, options: options).allRows()
    #expect(rows.map(\.ids) == [[100, 101, 102, 103]])
    #expect(rows.map(\.targets) == [[101, -1, 103, -1]])
  }

  @Test("a document of n tokens has n-1 targets, however it is cut", arguments: [2, 3, 4, 7, 16, 64])
  func longDocuments(length: Int) throws {
    for characters in 1...40 {
      let text = String("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ".prefix(characters))
      let rows = try PackedData(texts([text]), tokenizer: tokenizer, options: .init(length: length)).allRows()
      #expect(rows.reduce(0) { $0 + $1.trainedCount } == characters + 1)
      #expect(rows.allSatisfy { $0.ids.count <= length && $0.trainedCount > 0 })
      let ids = [1] + text.utf8.map { Int32($0) + 3 } + [2]
      #expect(rows.flatMap(\.trainedPairs) == zip(ids, ids.dropFirst()).map { [$0, $1] })
    }
  }

  @Test("random data: nothing lost, the ledger adds up", arguments: 1...8)
  func properties(seed: Int) throws {
    var numbers = Numbers(seed)
    let length = Int.random(in: 4...40, using: &numbers)
    let lines = numbers.lines(60, upTo: 60)
    let data = try PackedData(texts(lines), tokenizer: tokenizer, options: .init(length: length))
    let rows = try data.allRows()
    let documents = lines.filter { !$0.isEmpty }.map { [1] + $0.utf8.map { Int32($0) + 3 } + [2] }
    let pairs = documents.flatMap { ids in zip(ids, ids.dropFirst()).map { [$0, $1] } }
    #expect(rows.flatMap(\.trainedPairs) == pairs)
    for row in rows {
      var start = 0
      for count in row.documents {
        #expect(row.targets[start..<start + count].count { $0 >= 0 } == count - 1)
        start += count
      }
    }

    let ledger = try data.ledger()
    #expect(ledger.read == documents.reduce(0) { $0 + $1.count })
    #expect(ledger.read == ledger.trained + ledger.context + ledger.truncated + ledger.dropped)
    #expect(ledger.trained == pairs.count)
    #expect(ledger.context == documents.count)
    #expect(ledger.rows == rows.count)
    #expect(ledger.rows * length == ledger.trained + ledger.context + ledger.overlap + ledger.padding)
    #expect(ledger.sources[0].emptyRows == lines.count { $0.isEmpty } - (lines.last == "" ? 1 : 0))
  }

  @Test(
    "the ledger adds up under every policy", arguments: [OverlongPolicy.truncate, .skip, .split],
    [nil, 300, 1000])
  func ledgerOfPolicies(policy: OverlongPolicy, budget: Int?) throws {
    var numbers = Numbers(7)
    let a = try texts(numbers.lines(30, upTo: 40), name: "a.txt")
    let b = try texts(numbers.lines(30, upTo: 40), name: "b.txt")
    let mix = try MixedStream([
      .init(a, weight: .share(0.7), once: budget == nil), .init(b, weight: .share(0.3), once: true),
    ])
    let options = PackOptions(length: 16, tokens: budget, overlong: policy)
    let data = try PackedData(mix, tokenizer: tokenizer, options: options)
    let ledger = try data.ledger()
    let rows = try data.allRows()
    for source in ledger.sources {
      #expect(source.read == source.trained + source.context + source.truncated + source.dropped)
    }
    #expect(rows.reduce(0) { $0 + $1.trainedCount } == ledger.trained)
    #expect(ledger.rows * 16 == ledger.trained + ledger.context + ledger.overlap + ledger.padding)
    if let budget { #expect((budget - 1...budget).contains(ledger.trained + ledger.context)) }
  }

  @Test("a cursor restored at any place gives the same rows", arguments: [nil, 3 as UInt64], [nil, 1500])
  func resume(seed: UInt64?, budget: Int?) throws {
    var numbers = Numbers(11)
    let a = try texts(numbers.lines(25, upTo: 60), name: "a.txt")
    let b = try texts(numbers.lines(9, upTo: 30), name: "b.txt")
    let mix = try MixedStream([
      .init(a, weight: .share(2), once: budget == nil), .init(b, weight: .share(1), once: budget == nil),
    ])
    let options = PackOptions(length: 24, tokens: budget, seed: seed)
    let data = try PackedData(mix, tokenizer: tokenizer, options: options)
    let rows = try data.allRows()
    let ledger = try data.ledger()
    let cursor = try data.open()
    for i in 0...rows.count {
      let saved = try JSON.parse(cursor.state.text())
      let other = try #require(try data.open() as? PackCursor)
      try other.restore(saved)
      #expect(other.state == saved)
      var rest: [Row] = []
      while let row = try other.next() { rest.append(row) }
      #expect(rest == Array(rows[i...]))
      #expect(try other.ledger() == ledger)
      _ = try cursor.next()
    }
  }

  @Test("rows are counted as they come", arguments: [nil, 500, 3000])
  func countedRows(budget: Int?) throws {
    var numbers = Numbers(5)
    let stream = try texts(numbers.lines(40, upTo: 50))
    let options = PackOptions(length: 24, tokens: budget)
    let data = try PackedData(stream, tokenizer: tokenizer, options: options)
    let count = try data.allRows().count
    #expect(try data.countRows() == count)
    let ledger = try data.ledger()
    #expect(try data.countRows() == ledger.rows && ledger.rows == count)
    // n is the tokens of one whole pass, also where the budget ended it or began another.
    let once = try PackedData(stream, tokenizer: tokenizer, options: .init(length: 24))
    #expect(try ledger.sources[0].tokens == once.ledger().read)
    #expect(try IdsData([5, 6, 7, 8], length: 2).countRows() == 2)
  }

  @Test("nothing is tokenized twice", arguments: [nil, 300])
  func tokenizedOnce(budget: Int?) throws {
    var numbers = Numbers(6)
    let counting = CountingTokenizer()
    let lines = numbers.lines(40, upTo: 50).filter { !$0.isEmpty }
    let options = PackOptions(length: 24, tokens: budget)
    let data = try PackedData(texts(lines), tokenizer: counting, options: options)
    let ledger = try data.ledger()
    // A document read beforehand and one that the budget cuts are read again; no other.
    #expect((lines.count...lines.count + 2).contains(counting.texts))
    let before = counting.texts
    #expect(try data.countRows() == ledger.rows)
    #expect(try data.ledger() == ledger)
    #expect(counting.texts == before)
  }

  @Test func everyPassOfShuffledDataHasItsOwnOrder() throws {
    let stream = try texts((0..<50).map { "line \($0)" }).shuffled(seed: 5)
    let first = try stream.allTexts(epoch: 0)
    #expect(try stream.allTexts(epoch: 0) == first)
    #expect(try stream.allTexts(epoch: 1) != first)
    #expect(try stream.allTexts(epoch: 1).sorted() == first.sorted())
    #expect(first != first.sorted())
  }

  /// From a Python implementation of SHA-256, SplitMix64 and Fisher-Yates: a saved run continues in this order.
  @Test func theOrderOfAShuffleIsFixed() throws {
    let stream = try texts((0..<12).map { "\($0)" }).shuffled(seed: 5)
    #expect(try stream.allTexts(epoch: 0) == [10, 11, 5, 9, 6, 2, 3, 4, 8, 7, 1, 0].map { "\($0)" })
    #expect(try stream.allTexts(epoch: 1) == [5, 11, 1, 8, 2, 3, 6, 0, 10, 9, 7, 4].map { "\($0)" })
  }

  @Test func sharesAreSharesOfTokens() throws {
    let short = try texts(Array(repeating: "abc", count: 400), name: "short.txt")
    let long = try texts(Array(repeating: String(repeating: "x", count: 198), count: 20), name: "long.txt")
    let mix = try MixedStream([.init(short, weight: .share(0.25)), .init(long, weight: .share(0.75))])
    let data = try PackedData(mix, tokenizer: tokenizer, options: .init(length: 64, tokens: 8000))
    let ledger = try data.ledger()
    let used = ledger.sources.map { $0.trained + $0.context }
    #expect(abs(used[0] - 2000) <= 64 && abs(used[1] - 6000) <= 64)
    #expect(ledger.sources.map(\.tokens) == [2000, 4000])
    #expect(ledger.sources.map(\.weight) == [0.25, 0.75])
    #expect(ledger.sources.map(\.epochs) == [1, 1.5])
  }

  @Test func aWeightMayFollowTheProgress() throws {
    let a = try texts(Array(repeating: "aaaaaa", count: 100), name: "a.txt")
    let b = try texts(Array(repeating: "bbbbbb", count: 100), name: "b.txt")
    let mix = try MixedStream([
      .init(a, weight: .function(fingerprint: "1 - p") { 1 - $0 }),
      .init(b, weight: .function(fingerprint: "p") { $0 }),
    ])
    let rows = try PackedData(mix, tokenizer: tokenizer, options: .init(length: 8, tokens: 1600)).allRows()
    let isB = rows.map { $0.ids[1] == 101 }
    #expect(isB.prefix(50).count { $0 } < 15 && isB.suffix(50).count { $0 } > 35)
    #expect(
      message { _ = try PackedData(mix, tokenizer: tokenizer, options: .init(length: 8)) }
        == "tokens: a budget is needed, since a weight of the mix is a function")
  }

  @Test func aSourceReadOnceLeavesItsShareToTheOthers() throws {
    let a = try texts(Array(repeating: "aaaaaa", count: 10), name: "a.txt")
    let b = try texts(Array(repeating: "bbbbbb", count: 10), name: "b.txt")
    let mix = try MixedStream([.init(a, weight: .share(1), once: true), .init(b, weight: .share(1))])
    let ledger = try PackedData(mix, tokenizer: tokenizer, options: .init(length: 8, tokens: 800)).ledger()
    #expect(ledger.sources.map(\.read) == [80, 720])
  }

  @Test func readyIDsAreRows() throws {
    let rows = try IdsData([5, 6, 7, 8], length: 2).allRows()
    #expect(rows.map(\.ids) == [[5, 6], [7, 8]])
    #expect(rows.map(\.targets) == [[6, -1], [8, -1]])
    #expect(
      message { _ = try IdsData([5, 6, 7], length: 2) } == "ids: row 2 has 1 tokens and nothing to predict")
  }

  /// GPT-3 (arXiv:2005.14165), table 2.2: weights and billions of tokens over 300 billion.
  @Test func theEpochsOfGPT3FollowFromItsWeights() {
    let epochs = [(0.60, 410.0), (0.22, 19), (0.08, 12), (0.08, 55), (0.03, 3)].map {
      Ledger.epochs(weight: $0.0, total: 300, tokens: $0.1)
    }
    let expected = [0.439, 3.474, 2.0, 0.436, 3.0]
    for (value, wanted) in zip(epochs, expected) { #expect(abs(value - wanted) < 5e-4) }
  }

  @Test func theTableReads() throws {
    let data = try PackedData(texts(["abcdef", "", "gh"]), tokenizer: tokenizer, options: .init(length: 6))
    #expect(
      try data.ledger().description == """
        source  documents  tokens n  weight w  epochs w*T/n  read  trained  context  truncated  dropped  padding
        a.txt           2        12    1.0000          1.00    12       10        2          0        0        5
        3 rows of 6 tokens, 72.2 % filled; 1 positions repeat a token where a document goes on
        a.txt: left out 1 empty
        """)
  }

  @Test func dataThatDifferAreNamed() throws {
    let stream = try texts(["ab", "cd"])
    let data = try PackedData(stream, tokenizer: tokenizer, options: .init(length: 6))
    let before = try data.identity
    let fingerprint = try data.fingerprint
    #expect(DataIdentity.difference(from: before, to: try data.identity) == nil)
    let longer = try PackedData(stream, tokenizer: tokenizer, options: .init(length: 8))
    #expect(DataIdentity.difference(from: before, to: try longer.identity) == "pack.length: 8, 6 before")
    let changed = try PackedData(texts(["ab", "ce"]), tokenizer: tokenizer, options: .init(length: 6))
    #expect(
      DataIdentity.difference(from: before, to: try changed.identity) == "the contents of a.txt have changed")
    #expect(try changed.fingerprint != fingerprint)
  }

  @Test func anEndlessMixCannotBeCounted() throws {
    let mix = try MixedStream([.init(texts(["a"]), weight: .share(1))])
    let data = try PackedData(mix, tokenizer: tokenizer, options: .init(length: 6))
    #expect(
      message { _ = try data.ledger() }
        == "tokens: these data start again without end; a budget is needed to count them")
    #expect(try data.allRows(limit: 100).count == 100)
  }
}
