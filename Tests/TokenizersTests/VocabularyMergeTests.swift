import Files
import TestSupport
import Testing
import Tokenizers

@Suite struct VocabularyMergeTests {
  private let english = [
    "Tom saw the cat in the park. They were happy.", "12 months, 3.5 days", "\"Come back!\" said Max",
  ]
  private let chinese = ["小猫在公园和老师一起学习语言，大家都很高兴。", "今天是12月28日！"]

  @Test func safeMergeKeepsOldTextAndShortensNewText() throws {
    let base = try TokenizerFixtures.tokenizer("bpe")
    let extra = try TokenizerFixtures.tokenizer("zh")
    var options = MergeOptions(sample: english)
    options.texts = [("zh", chinese), ("en", english)]
    let (merged, report) = try base.merge(extra, options)
    #expect(report.added > 50)
    #expect(merged.count == base.count + report.added)
    #expect(
      report.extra == report.added
        + MergeReport.Cause.allCases.reduce(0) { $0 + (report.rejected[$1]?.count ?? 0) })
    #expect(merged.model.pieces.prefix(base.count).elementsEqual(base.model.pieces))
    let lowest = base.model.pieces.filter { $0.kind == .normal }.map(\.score).min() ?? 0
    let scores = merged.model.pieces.dropFirst(base.count).map(\.score)
    #expect(scores.allSatisfy { $0 < lowest })
    #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 > $1 })
    for line in english { #expect(try merged.encode(line) == base.encode(line)) }
    for line in chinese {
      #expect(try merged.encode(line).count * 2 < base.encode(line).count)
      #expect(try merged.decode(merged.encode(line)) == line)
    }
    #expect(report.sampleLines == 3 && report.sampleChanged == 0)
    #expect(report.texts.map { $0.rows.map(\.name) } == [["zh", "merged"], ["en", "merged"]])
    #expect(report.texts[1].rows[0].tokens == report.texts[1].rows[1].tokens)
  }

  @Test func everyPieceOfASafeMergeComesUp() throws {
    let (merged, report) = try TokenizerFixtures.tokenizer("bpe").merge(TokenizerFixtures.tokenizer("zh"))
    for id in report.base..<report.total {
      let piece = try #require(merged.piece(Int32(id)))
      let text = "\n" + String(String.UnicodeScalarView(piece.unicodeScalars.map { $0 == "▁" ? " " : $0 }))
      #expect(try merged.encode(text).contains(Int32(id)), "\(piece)")
    }
  }

  @Test func withoutASampleLatinTextIsSafe() throws {
    let base = try TokenizerFixtures.tokenizer("zh")
    let extra = try TokenizerFixtures.tokenizer("bpe")
    let (merged, report) = try base.merge(extra)
    #expect(report.protectsLatin)
    #expect(report.added == 0)
    #expect(merged.count == base.count)
    #expect((report.rejected[.latin]?.count ?? 0) > 100)
  }

  @Test func aSampleDecidesWhereTheNewLanguageIsLatinToo() throws {
    let base = try TokenizerFixtures.tokenizer("zh")
    let extra = try TokenizerFixtures.tokenizer("bpe")
    let (merged, report) = try base.merge(extra, MergeOptions(sample: chinese + ["Max 12"]))
    #expect(!report.protectsLatin)
    #expect(report.added > 50)
    for line in chinese + ["Max 12"] { #expect(try merged.encode(line) == base.encode(line)) }
    let line = "Anna wanted to help the horse in the old bridge."
    #expect(try merged.encode(line).count < base.encode(line).count)
  }

  @Test func piecesThatTheBaseRewritesStayOut() throws {
    let base = try TokenizerFixtures.tokenizer("unigram")
    let extra = try TokenizerFixtures.tokenizer("bpe").addPiece("Ａ").addPiece("猫狗")
    let (merged, report) = try base.merge(extra)
    #expect(report.rejected[.normalizer]?.examples.contains("Ａ") == true)
    #expect(merged.id(of: "Ａ") == nil)
    #expect(report.notes.contains("normalizer: nmt_nfkc is kept, the new model has identity"))
    #expect(report.notes.contains("kind: unigram is kept, the new model has bpe"))
  }

  @Test func aPieceWithoutItsStepsIsFoundOut() throws {
    let base = try TokenizerFixtures.tokenizer("bpe")
    let extra = try base.addPiece("甲").addPiece("乙").addPiece("丙").addPiece("丁").addPiece("甲乙丙丁").addPiece(
      "甲乙")
    let safe = try base.merge(extra)
    #expect(safe.report.rejected[.unreachable]?.examples == ["甲乙丙丁"])
    #expect(safe.tokenizer.id(of: "甲乙丙丁") == nil)
    let appended = try base.merge(extra, MergeOptions(rule: .append))
    #expect(appended.report.unreachable.examples == ["甲乙丙丁"])
    #expect(appended.tokenizer.id(of: "甲乙丙丁") == 504)
  }

  @Test func appendFollowsThePublishedRule() throws {
    let base = try TokenizerFixtures.tokenizer("bpe")
    let extra = try TokenizerFixtures.tokenizer("zh")
    let (merged, report) = try base.merge(extra, MergeOptions(rule: .append, sample: english))
    let old = Set(base.model.pieces.map(\.text))
    let new = extra.model.pieces.map(\.text).filter { !old.contains($0) }
    #expect(merged.model.pieces.dropFirst(base.count).map(\.text) == new)
    #expect(merged.model.pieces.dropFirst(base.count).allSatisfy { $0.score == 0 && $0.kind == .normal })
    #expect(report.duplicates == extra.count - new.count)
    #expect(report.duplicates + report.added == report.extra)
    // trainer_spec still names the old size, as in the published file.
    let tail = base.model.serialized.count - base.model.pieces.reduce(0) { $0 + $1.text.utf8.count }
    #expect(tail > 0 && merged.model.serialized.suffix(40) == base.model.serialized.suffix(40))

    let scored = try base.merge(extra, MergeOptions(rule: .appendScores)).tokenizer
    let scores = Dictionary(extra.model.pieces.map { ($0.text, $0.score) }) { a, _ in a }
    #expect(scored.model.pieces.dropFirst(base.count).allSatisfy { $0.score == scores[$0.text] })
  }

  @Test func theReportReads() throws {
    let base = try TokenizerFixtures.tokenizer("bpe")
    let extra = try base.addPiece("甲").addPiece("乙甲丙").addPiece("zzz").addPiece("<pad>", kind: .control)
    var options = MergeOptions(sample: ["Tom"])
    options.texts = [("zh", ["甲甲"])]
    let report = try base.merge(extra, options).report
    #expect(
      "\(report)" == """
        merged vocabulary: 501 pieces = 500 + 1 of 504 (rule 'safe')
          left out    500: in the base already (<unk> <s> </s> <0x00> <0x01> <0x02> ...)
          left out      1: control, byte or unknown (<pad>)
          left out      1: Latin letters and signs only (zzz)
          left out      1: no text would ever give it (乙甲丙)
          old text: 0 of 1 sample lines are cut otherwise than before; every new piece has a character beyond Latin letters and signs, so texts of these alone stay as they were
        6 bytes, 2 characters
        tokenizer  pieces  tokens  bytes/token  chars/token  spelled    change
        zh            500       7        0.857        0.286        6
        merged        501       3        2.000        0.667        0  -57.14 %
        """)
  }

  @Test func aPieceIsAddedOnce() throws {
    let base = try TokenizerFixtures.tokenizer("bpe")
    let padded = try base.addPiece("[PAD]")
    #expect(padded.count == 501 && padded.padID == 500)
    #expect(padded.model.serialized.count == base.model.serialized.count + 14)
    #expect(
      message { _ = try padded.addPiece("[PAD]") } == "piece '[PAD]': is in the vocabulary already, as 500")
  }
}
