import Files
import TestSupport
import Testing
import Tokenizers

/// The published vocabularies; sums and counts are of their authors or from sentencepiece's Python package.
@Suite(.enabled(if: RealData.isAvailable)) struct RealTokenizerTests {
  private func load(_ name: String) throws -> SentencePieceTokenizer {
    try SentencePieceTokenizer(path: RealData.path("tokenizers/" + name))
  }

  private func published() throws -> (tokenizer: SentencePieceTokenizer, report: MergeReport) {
    try load("llama/tokenizer.model").merge(
      load("chinese_sp_20k/chinese_sp.model"), MergeOptions(rule: .append))
  }

  @Test func thePublishedMergeIsReproduced() throws {
    let (merged, report) = try published()
    #expect(merged.count == 49953)
    #expect([report.base, report.extra, report.added, report.duplicates] == [32000, 20000, 17953, 2047])
    #expect(report.rejected[.duplicate]?.examples.prefix(3) == ["<unk>", "<s>", "</s>"])
    #expect(merged.fingerprint == "e2676d4ca29ca1750f6ff203328d73b189321dc5776ceede037cbd36541d70c0")
    #expect(merged.model.serialized.count == 757_958)
    let padded = try merged.addPiece("[PAD]")
    #expect(padded.count == 49954 && padded.padID == 49953)
    #expect(padded.fingerprint == "2d967e855b1213a439df6c8ce2791f869c84b4f3b6cfacf22b86440b8192a2f8")
    #expect(padded.model.serialized.count == 757_972)
    let scored = try load("llama/tokenizer.model").merge(
      load("chinese_sp_20k/chinese_sp.model"), MergeOptions(rule: .appendScores))
    #expect(scored.tokenizer.count == 49953)
    #expect(scored.tokenizer.piece(32000) == "但")
    #expect(abs(scored.tokenizer.model.pieces[32000].score + 6.833526) < 1e-6)
  }

  @Test func theSecondPublishedVocabularyIsReadRight() throws {
    let llama = try load("llama/tokenizer.model")
    let second = try load("chinese-llama-2-55296/tokenizer.model")
    #expect(second.fingerprint == "a3b8844863b200dfcca971db228e96ce388290dfcf72c15d7a9d2f604bac787c")
    #expect(second.count == 55296)
    #expect(
      second.model.pieces.prefix(32000).elementsEqual(llama.model.pieces) {
        $0.text == $1.text && $0.score == $1.score
      })
    #expect(second.model.pieces.dropFirst(32000).allSatisfy { $0.score == 0 && $0.kind == .normal })
    #expect(second.piece(32000) == "<pad>" && second.padID == 32000)
    let folder = try TokenizerFile.load(RealData.path("tokenizers/chinese-llama-2-55296"))
    #expect([folder.bosID, folder.eosID, folder.unknownID, folder.padID] == [1, 2, 0, 32000])
    #expect(folder.fingerprint == second.fingerprint)
  }

  @Test func chineseCharactersInThem() throws {
    func han(_ tokenizer: SentencePieceTokenizer) -> Int {
      tokenizer.model.pieces.count {
        $0.text.unicodeScalars.count == 1
          && $0.text.unicodeScalars.allSatisfy { (0x4E00...0x9FFF).contains($0.value) }
      }
    }
    let llama = try load("llama/tokenizer.model")
    let merged = try published().tokenizer
    let second = try load("chinese-llama-2-55296/tokenizer.model")
    #expect([han(llama), han(merged), han(second)] == [700, 6963, 8579])
    #expect(llama.id(of: "编") != nil && llama.id(of: "码") != nil && llama.id(of: "待") == nil)
    #expect(try llama.pieces("待").suffix(3).map { String($0.prefix(3)) } == ["<0x", "<0x", "<0x"])
    #expect(merged.id(of: "待") != nil && second.id(of: "待") != nil)
    let text = "人工智能是计算机科学、心理学、哲学等学科融合的交叉学科。"
    #expect(try llama.encode(text).count == 35)
    #expect(try merged.encode(text).count == 16)
  }

  @Test func goldenTexts() throws {
    let tokenizers: [String: SentencePieceTokenizer] = [
      "llama-32000": try load("llama/tokenizer.model"), "chinese-llama-49953": try published().tokenizer,
      "chinese-llama-2-55296": try load("chinese-llama-2-55296/tokenizer.model"),
      "chinese_sp-20000-unigram": try load("chinese_sp_20k/chinese_sp.model"),
      "botchan-1000-unigram": try load("sentencepiece_tests/test_model.model"),
    ]
    var compared = 0
    var lines = try LineReader(RealData.path("tokenizers/golden_encode.jsonl"))
    while let line = try lines.next() {
      let row = try JSON.parse(line.bytes)
      let text = try #require(row["text"]?.stringValue)
      for (name, tokenizer) in tokenizers {
        let ids = try #require(row[name]?.arrayValue).compactMap(\.intValue).map { Int32($0) }
        #expect(try tokenizer.encode(text) == ids, "\(name): \(text.prefix(80))")
        #expect(try tokenizer.encode(offsets: text).map(\.id) == ids, "\(name): \(text.prefix(80))")
        compared += 1
      }
    }
    #expect(compared > 200)
  }

  @Test func everyModelIsWrittenAsItWasRead() throws {
    for name in [
      "llama/tokenizer.model", "chinese-llama-2-55296/tokenizer.model", "chinese_sp_20k/chinese_sp.model",
      "sentencepiece_tests/test_ja_model.model", "sentencepiece_tests/test_model.model",
    ] {
      #expect(
        try load(name).model.serialized == FileSystem.read(RealData.path("tokenizers/" + name)), "\(name)")
    }
  }

  @Test func compressionOnCNews() throws {
    var bodies: [String] = []
    var lines = try LineReader(RealData.path("text/zh/cnews_val_1000.txt"))
    while let line = try lines.next() {
      let body = line.bytes.drop { $0 != UInt8(ascii: "\t") }.dropFirst()
      bodies.append(String(decoding: body, as: UTF8.self))
    }
    let table = try TokenizerComparison(
      [
        ("llama", load("llama/tokenizer.model")), ("49953", published().tokenizer),
        ("55296", load("chinese-llama-2-55296/tokenizer.model")),
      ], texts: bodies)
    #expect(bodies.count == 1000)
    #expect([table.bytes, table.characters] == [2_876_800, 1_013_405])
    #expect(table.rows.map(\.tokens) == [1_460_876, 658_723, 664_073])
    #expect(
      "\(table)".split(separator: "\n").map { $0.split(separator: " ").suffix(2).joined(separator: " ") }
        .suffix(2)
        == ["-54.91 %", "-54.54 %"])
  }

  /// With the lines as the sample, also those with dashes, accents and foreign words stay as they were.
  @Test func aSampleOfRealEnglishKeepsEveryLine() throws {
    let llama = try load("llama/tokenizer.model")
    var english: [String] = []
    for (file, most) in [("wiki_demo", 30), ("tinyshakespeare", 5970), ("botchan", 4000)] {
      var lines = try LineReader(RealData.path("text/en/\(file).txt"))
      var taken = 0
      while taken < most, let line = try lines.next() {
        english.append(String(decoding: line.bytes, as: UTF8.self))
        taken += 1
      }
    }
    #expect(english.count == 10_000)
    let (merged, report) = try llama.merge(
      load("chinese_sp_20k/chinese_sp.model"), MergeOptions(sample: english))
    #expect(report.sampleLines == 10_000 && report.sampleChanged == 0)
    #expect(report.added > 10_000)
    for line in english { #expect(try merged.encode(line) == llama.encode(line)) }
    for id in 32000..<merged.count {
      let piece = try #require(merged.piece(Int32(id)))
      let text = "\n" + String(String.UnicodeScalarView(piece.unicodeScalars.map { $0 == "▁" ? " " : $0 }))
      #expect(try merged.encode(text).last == Int32(id), "\(piece)")
    }
    var numbers = FixedGenerator(state: 5)
    let fixed = ["a  b\n\n c", "🙂👩‍👩‍👧", "ＡＢＣ１２３", "全角　空格", "\t\r\n", "é e\u{301}", "答案是42。"]
    let random = (0..<500).map { RandomText.make(length: 1 + $0 % 30, &numbers) }
    for text in fixed + random {
      #expect(try Array(merged.decode(merged.encode(text)).utf8) == Array(text.utf8), "\(text)")
    }
  }

  @Test func theSafeMergeLeavesEnglishAsItWas() throws {
    let llama = try load("llama/tokenizer.model")
    let (merged, report) = try llama.merge(load("chinese_sp_20k/chinese_sp.model"))
    #expect(report.added > 10_000)
    // LLaMA's own lowest score is -1e9, for runs of spaces.
    let scores = merged.model.pieces.dropFirst(32000).map(\.score)
    #expect(scores[0] < -1e9 && zip(scores, scores.dropFirst()).allSatisfy { $0 > $1 })
    for file in ["wiki_demo", "tinyshakespeare", "botchan"] {
      var lines = try LineReader(RealData.path("text/en/\(file).txt"))
      while let line = try lines.next() {
        // The promise is for texts without a character beyond Latin letters and signs.
        let text = String(decoding: line.bytes, as: UTF8.self)
        if text.unicodeScalars.contains(where: { $0.value > 0x24F }) { continue }
        #expect(try merged.encode(text) == llama.encode(text))
      }
    }
    let zh = "人工智能是计算机科学、心理学、哲学等学科融合的交叉学科。"
    #expect(try merged.encode(zh).count < 22)
    for id in stride(from: 32000, to: merged.count, by: 7) {
      let piece = try #require(merged.piece(Int32(id)))
      let text = "\n" + String(String.UnicodeScalarView(piece.unicodeScalars.map { $0 == "▁" ? " " : $0 }))
      #expect(try merged.encode(text).last == Int32(id), "\(piece)")
    }
  }

  @Test func llamaCVocabulariesGiveItsIds() throws {
    let tokenizer = try TokenizerFile.load(RealData.path("model/stories260K/tok512.bin"))
    #expect(tokenizer.count == 512)
    #expect([tokenizer.unknownID, tokenizer.bosID, tokenizer.eosID] == [0, 1, 2])
    let reference = try JSON.read(RealData.path("model/stories260K/reference.json"))
    for part in ["prompt", "eval"] {
      let text = try #require(reference[part]?["text"]?.stringValue)
      let ids = try #require(reference[part]?["ids"]?.arrayValue).compactMap(\.intValue).map { Int32($0) }
      #expect(try [1] + tokenizer.encode(text) == ids)
    }
    // llama2.c's copy of LLaMA's vocabulary, beside the original.
    let copy = try TokenizerFile.load(RealData.path("tokenizers/llama/tokenizer.bin"))
    let original = try load("llama/tokenizer.model")
    #expect((0..<Int32(32000)).allSatisfy { copy.piece($0) == original.piece($0) })
    for text in ["Hello, World!", " 你好  世界\n", "🙂 ①"] {
      #expect(try copy.encode(text) == original.encode(text))
    }
  }
}
