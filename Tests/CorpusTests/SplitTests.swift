import Corpus
import Files
import TestSupport
import Testing

@Suite struct SplitTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func theSideOfADocumentDependsOnItsTextAlone() throws {
    var numbers = Numbers(3)
    let lines = numbers.lines(400, upTo: 12).filter { !$0.isEmpty }
    let half = lines.count / 2
    let a = try folder.write("a.txt", lines[..<half].joined(separator: "\n"))
    let b = try folder.write("b.txt", lines[half...].joined(separator: "\n"))
    let one = try split(TextStream([a, b]), heldOut: 0.2, seed: 1)
    let other = try split(TextStream([b, a]), heldOut: 0.2, seed: 1)
    let heldOut = try one.heldOut.allTexts()
    let training = try one.training.allTexts()
    #expect(try other.heldOut.allTexts().sorted() == heldOut.sorted())
    #expect(Set(heldOut).isDisjoint(with: training))
    #expect((training + heldOut).sorted() == lines.sorted())
    #expect((40...120).contains(heldOut.count))
    let reseeded = try split(TextStream([a, b]), heldOut: 0.2, seed: 2)
    #expect(try reseeded.heldOut.allTexts() != heldOut)
  }

  @Test func anEmptyPartAndAnImpossibleShareAreRefused() throws {
    let stream = try TextStream([folder.write("a.txt", "one\ntwo")])
    let parts = try split(stream, heldOut: 1e-9, seed: 1)
    #expect(
      message { _ = try parts.heldOut.allTexts() }
        == "held_out: none of the 2 documents of a.txt fell into the held-out part at 1e-09; at 0.18 one would"
    )
    let most = try split(stream, heldOut: 0.999999, seed: 1)
    #expect(
      message { _ = try most.training.allTexts() }
        == "held_out: none of the 2 documents of a.txt fell into the training part at 0.999999; at 0.24 one would"
    )
    #expect(
      message { _ = try split(stream, heldOut: 1, seed: 1) }
        == "held_out: a number between 0 and 1 expected, got 1.0")
  }

  @Test("the share that the message names does what it says", arguments: 1...20)
  func helpfulShare(seed: UInt64) throws {
    let stream = try TextStream([folder.write("a.txt", (1...30).map { "line \($0)" }.joined(separator: "\n"))]
    )
    func texts(_ heldOut: Double, _ part: KeyPath<Parts, any DocumentStream>) throws -> Int {
      let parts = try split(stream, heldOut: heldOut, seed: seed)
      return try Parts(training: parts.training, heldOut: parts.heldOut)[keyPath: part].allTexts().count
    }
    for (share, part) in [(1e-12, \Parts.heldOut), (1 - 1e-12, \.training)] {
      let refusal = try #require(message { _ = try texts(share, part) })
      let words = try #require(refusal.split(separator: "; at ").last).split(separator: " ")
      #expect(words.dropFirst() == ["one", "would"])
      let better = try #require(words.first.flatMap { Double($0) })
      #expect((1...3).contains(try texts(better, part)), "\(refusal)")
    }
  }

  private struct Parts {
    let training: any DocumentStream
    let heldOut: any DocumentStream
  }

  @Test func aCursorGoesOnWhereItWas() throws {
    var numbers = Numbers(4)
    let stream = try TextStream([folder.write("a.txt", numbers.lines(60, upTo: 9).joined(separator: "\r\n"))])
    let part = try split(stream.shuffled(seed: 2), heldOut: 0.5, seed: 1).training
    let all = try part.allTexts()
    let cursor = try part.open()
    for i in 0...all.count {
      let other = try part.open()
      try other.restore(cursor.state)
      var rest: [String] = []
      while let document = try other.next() { rest.append(document.text) }
      #expect(rest == Array(all[i...]))
      _ = try cursor.next()
    }
  }
}
