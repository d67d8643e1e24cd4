import Files
import TestSupport
import Testing
import Tokenizers

@testable import Corpus

@Suite(.enabled(if: RealData.isAvailable)) struct RealDataTests {
  @Test func aMixOfRealTextsPacksWithinItsBudgetAndGoesOn() throws {
    let tokenizer = try TokenizerFile.load(RealData.path("tokenizers/llama/tokenizer.model"))
    let zh = try TextStream([RealData.path("text/zh/cnews_val_1000.txt")])
    let en = try TextStream([RealData.path("text/en/wiki_demo.txt")])
    let mix = try MixedStream(
      [
        .init(split(zh, heldOut: 0.05, seed: 1).training, weight: .share(0.7)),
        .init(en, weight: .share(0.3)),
      ],
      seed: 1)
    let data = try PackedData(mix, tokenizer: tokenizer, options: .init(length: 256, tokens: 20_000))
    let cursor = try data.cursor(pass: 0)
    var rows: [Row] = []
    var middle = cursor.state
    while let row = try cursor.next() {
      rows.append(row)
      if rows.count == 40 { middle = cursor.state }
    }
    let used = rows.reduce(0) { $0 + $1.trainedCount + $1.samples.count { !$0.contains("+") } }
    #expect(used == 20_000)
    #expect(rows.allSatisfy { $0.ids.count <= 256 && $0.trainedCount > 0 })
    let zhTokens = rows.reduce(0) { sum, row in
      sum + zip(row.documents, row.samples).reduce(0) { $1.1.contains("cnews") ? $0 + $1.0 : $0 }
    }
    #expect((0.68...0.72).contains(Double(zhTokens) / Double(rows.reduce(0) { $0 + $1.ids.count })))

    let other = try data.cursor(pass: 0)
    try other.restore(JSON.parse(middle.text()))
    var rest: [Row] = []
    while let row = try other.next() { rest.append(row) }
    #expect(rest == Array(rows[40...]))
  }

  @Test func realLessonsTrainTheirAnswersAndNothingElse() throws {
    let tokenizer = try TokenizerFile.load(RealData.path("tokenizers/llama/tokenizer.model"))
    let stream = try InstructionStream(
      [RealData.path("sft/alpaca_zh_demo.json")], template: ChatTemplate.named("alpaca"))
    let documents = try stream.open()
    let cursor = try PackedData(
      stream, tokenizer: tokenizer, options: .init(length: 2048, overlong: .skip, onEmpty: .skip)
    ).open()
    let row = try #require(try cursor.next())
    var start = 0
    for count in row.documents {
      guard case .lesson(let lesson, _) = try #require(try documents.next()).content else { return }
      let answer = Array(row.targets[start..<start + count].filter { $0 >= 0 })
      #expect(answer.last == tokenizer.eosID)
      // A token across the border of prompt and answer belongs to the prompt.
      let text = try tokenizer.decode(Array(answer.dropLast()))
      #expect(lesson.output.hasSuffix(text) && text.count > lesson.output.count - 5)
      start += count
    }
    #expect(row.documents.count > 1)
  }
}
