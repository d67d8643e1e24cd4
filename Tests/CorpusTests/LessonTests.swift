import Corpus
import Files
import TestSupport
import Testing
import Tokenizers

@Suite struct LessonTests {
  let folder: TemporaryFolder
  let tokenizer = ByteTokenizer()
  let template: ChatTemplate

  init() throws {
    folder = try TemporaryFolder()
    template = try ChatTemplate.named("alpaca")
  }

  private func lessons(_ rows: [(String, String)], name: String = "a.json") throws -> InstructionStream {
    let json = JSON.array(
      rows.map { ["instruction": .string($0.0), "input": "", "output": .string($0.1)] as JSON })
    return try InstructionStream([folder.write(name, json.text(indent: 1))], template: template)
  }

  @Test func onlyTheAnswerAndItsEndAreTrained() throws {
    let data = try PackedData(
      lessons([("Say hi.", "Hi!")]), tokenizer: tokenizer, options: .init(length: 300))
    let row = try #require(try data.allRows().first)
    #expect(row.targets.filter { $0 >= 0 } == [75, 108, 36, 2])
    #expect(row.documents == [row.ids.count])
    #expect(row.lessons == [0] && row.lessonEnds == [2])
    #expect(try tokenizer.decode(row.targets.filter { $0 >= 0 }) == "Hi!")
  }

  @Test("a sample without a trained token is refused with its place and the cause")
  func overlongPrompt() throws {
    var rows = (0..<10).map { ("Count to \($0).", "\($0)") }
    rows[6].0 = String(repeating: "long ", count: 100)
    let stream = try lessons(rows)
    let limits = PackOptions(length: 300)
    let expected =
      "\(folder.file("a.json")):32, row 7: no token of this sample is trained: prompt alone has 649 tokens, limit 300"
    let prompt = try template.promptTokens(.init(instruction: rows[6].0, output: ""), tokenizer).count
    #expect(
      message { _ = try PackedData(stream, tokenizer: tokenizer, options: limits).allRows() }
        == expected.replacing("649", with: String(prompt)))

    let skipping = PackOptions(length: 300, onEmpty: .skip)
    let skipped = try PackedData(stream, tokenizer: tokenizer, options: skipping)
    rows.remove(at: 6)
    let others = try PackedData(lessons(rows, name: "b.json"), tokenizer: tokenizer, options: limits)
    #expect(try skipped.allRows().map(\.ids) == others.allRows().map(\.ids))
    #expect(try skipped.allRows().map(\.targets) == others.allRows().map(\.targets))
    let ledger = try skipped.ledger()
    #expect(ledger.sources[0].untrainedDocuments == 1)
    #expect(ledger.read == ledger.trained + ledger.context + ledger.truncated + ledger.dropped)
  }

  @Test func longAnswersFollowThePolicy() throws {
    let stream = try lessons([("Go.", String(repeating: "x", count: 400)), ("Go.", "y")])
    let path = folder.file("a.json")
    func pack(_ policy: OverlongPolicy?) throws -> PackedData {
      try PackedData(stream, tokenizer: tokenizer, options: .init(length: 300, overlong: policy))
    }
    let total = try template.tokens(
      for: .init(instruction: "Go.", output: String(repeating: "x", count: 400)), tokenizer
    ).ids.count
    #expect(
      message { _ = try pack(nil).allRows() }
        == "\(path):2, row 1: prompt and answer have \(total) tokens, limit 300")
    #expect(
      message { _ = try pack(.split).allRows() }
        == "on_long: 'split' is for texts; a lesson would be trained without its prompt")
    #expect(try pack(.skip).allRows().count == 1)
    #expect(try pack(.skip).ledger().sources[0].overlongDocuments == 1)
    #expect(try pack(.truncate).allRows().first?.ids.count == 300)
    #expect(try pack(.truncate).ledger().truncated == total - 300)
  }

  /// With a budget a source starts again; one that never gives anything must not do so for ever.
  @Test func lessonsOfWhichNoneFitsAreAnError() throws {
    let stream = try lessons([
      ("Go.", String(repeating: "x", count: 400)), ("Go.", String(repeating: "y", count: 400)),
    ])
    let data = try PackedData(
      stream, tokenizer: tokenizer, options: .init(length: 300, tokens: 5000, overlong: .skip))
    #expect(message { _ = try data.allRows() } == "data: every document of \(stream.name) was left out")
  }

  @Test func anEmptyOutputIsNoLesson() throws {
    let stream = try lessons([("Say nothing.", " ")])
    #expect(
      message { _ = try PackedData(stream, tokenizer: tokenizer, options: .init(length: 300)).allRows() }
        == "\(folder.file("a.json")):2, row 1: no token of this sample is trained: the output is empty")
  }

  @Test func showMarksWhatIsTrained() throws {
    let data = try PackedData(
      lessons([("Say hi.", "Hi!")]), tokenizer: tokenizer, options: .init(length: 200))
    let plain = try data.show(3, colour: false)
    #expect(
      plain.hasSuffix("### Response:⟦Hi!</s>⟧\n(\(200 - 1 - 137 - 3) padding)")
        || plain.contains("### Response:⟦Hi!</s>⟧\n("))
    #expect(try data.show(1, colour: true).contains("\u{1B}[32mHi!</s>\u{1B}[0m"))
  }

  @Test(.enabled(if: RealData.isAvailable)) func theRealAlpacaRowsAreAllRead() throws {
    let stream = try InstructionStream([RealData.path("sft/alpaca_zh_demo.json")], template: template)
    #expect(try stream.allTexts().count == 1000)
    let (training, heldOut) = try split(stream, heldOut: 0.1, seed: 1)
    #expect(try training.allTexts().count + heldOut.allTexts().count == 1000)
  }
}
