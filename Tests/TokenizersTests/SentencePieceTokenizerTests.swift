import Files
import TestSupport
import Testing
import Tokenizers

/// Ids, byte ranges and decoded texts are those of sentencepiece's Python package.
@Suite struct SentencePieceTokenizerTests {
  @Test func encodesAsTheReferenceDoes() throws {
    for row in try TokenizerFixtures.named("encode") {
      let model = try row.text("model")
      let tokenizer = try TokenizerFixtures.tokenizer(model)
      let text = try row.text("text")
      #expect(try tokenizer.encode(text) == row.ids("ids"), "\(model): \(text)")
      let spans = try tokenizer.encode(offsets: text)
      #expect(spans.map(\.id) == (try row.ids("ids")))
      #expect(spans.map(\.range.lowerBound) == (try row.integers("begins")), "\(model): \(text)")
      #expect(spans.map(\.range.upperBound) == (try row.integers("ends")), "\(model): \(text)")
      #expect(try tokenizer.decode(row.ids("ids")).utf8.elementsEqual(row.text("decoded").utf8))
    }
  }

  @Test func decodesAnyTokensAsTheReferenceDoes() throws {
    for row in try TokenizerFixtures.named("decode") {
      let tokenizer = try TokenizerFixtures.tokenizer(row.text("model"))
      let ids = try row.ids("ids")
      #expect(try tokenizer.decode(ids).utf8.elementsEqual(row.text("decoded").utf8), "\(ids)")
    }
  }

  @Test func knowsItsPieces() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bpe")
    #expect(tokenizer.count == 500)
    #expect(tokenizer.kind == "bpe")
    #expect([tokenizer.unknownID, tokenizer.bosID, tokenizer.eosID, tokenizer.padID] == [0, 1, 2, nil])
    #expect(tokenizer.piece(3) == "<0x00>")
    #expect(tokenizer.piece(500) == nil)
    #expect(tokenizer.piece(-1) == nil)
    #expect(tokenizer.id(of: "▁Tom").flatMap { tokenizer.piece($0) } == "▁Tom")
    #expect(tokenizer.id(of: "not a piece") == nil)
    #expect(try tokenizer.pieces("Tom") == ["▁Tom"])
    #expect(
      message { _ = try tokenizer.decode([500]) } == "token id 500: is outside the vocabulary (0 to 499)")
    #expect(message { _ = try tokenizer.decode([-1]) } == "token id -1: is outside the vocabulary (0 to 499)")
  }

  @Test func textOfSpecialTokensIsPlainText() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bpe")
    let ids = try tokenizer.encode("<s></s><unk><0x41>")
    #expect(!ids.contains(1) && !ids.contains(2) && !ids.contains(0) && !ids.contains(3 + 0x41))
    #expect(try tokenizer.decode(ids) == "<s></s><unk><0x41>")
  }

  @Test func anyTextComesBack() throws {
    var random = FixedGenerator(state: 11)
    for name in ["bpe", "zh", "unigram_bytes"] {
      let tokenizer = try TokenizerFixtures.tokenizer(name)
      for _ in 0..<300 {
        let text = RandomText.make(length: Int.random(in: 0...60, using: &random), &random)
        let ids = try tokenizer.encode(text)
        #expect(try tokenizer.decode(ids).utf8.elementsEqual(text.utf8), "\(Array(text.unicodeScalars))")
        #expect(try String(decoding: tokenizer.decodeBytes(ids), as: UTF8.self).utf8.elementsEqual(text.utf8))
      }
    }
  }

  @Test func spansOfALosslessModelCoverTheText() throws {
    var random = FixedGenerator(state: 12)
    for (name, length) in [
      ("bpe", 0), ("bpe", 1), ("bpe", 40), ("bpe", 20_000), ("unigram_bytes", 40), ("unigram_bytes", 5000),
    ] {
      let tokenizer = try TokenizerFixtures.tokenizer(name)
      let text = RandomText.make(length: length, &random)
      let spans = try tokenizer.encode(offsets: text)
      #expect(spans.map(\.id) == (try tokenizer.encode(text)))
      var end = 0
      for span in spans {
        #expect(span.range.lowerBound == end)
        end = span.range.upperBound
      }
      #expect(end == text.utf8.count)
    }
  }

  @Test func spansOfANormalisingModelRiseAndHoldTheirCharacters() throws {
    var random = FixedGenerator(state: 13)
    let tokenizer = try TokenizerFixtures.tokenizer("unigram")
    for _ in 0..<200 {
      let text = RandomText.make(length: Int.random(in: 0...40, using: &random), &random)
      var end = 0
      for span in try tokenizer.encode(offsets: text) {
        #expect(span.range.lowerBound >= end && span.range.upperBound <= text.utf8.count)
        end = span.range.upperBound
      }
    }
    let spans = try tokenizer.encode(offsets: "  Ｔｏｍ　saw")
    let bytes = Array("  Ｔｏｍ　saw".utf8)
    #expect(String(decoding: bytes[spans[0].range], as: UTF8.self).hasPrefix("Ｔ"))
  }

  /// A long text is cut into parts; the reference is the whole text without its safe breaks.
  @Test func longTextsGiveTheTokensOfTheirParts() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bpe")
    let line = "Tom saw the cat in the park.  你好🙂\r\n"
    let long = String(repeating: line, count: 2000)
    let first = try tokenizer.encode(line)
    let ids = try tokenizer.encode(long)
    // Only the first line has a space put before it; none of the vocabulary's pieces crosses a line end.
    let later = try Array(tokenizer.encode("\n" + line).drop { $0 != 3 + 10 }.dropFirst())
    #expect(ids == first + Array(repeating: later, count: 1999).joined())
    #expect(try tokenizer.decode(ids) == long)
  }

  @Test func aCopyIsTheSameFile() throws {
    for name in ["bpe", "unigram", "unigram_bytes", "zh"] {
      let path = try TokenizerFixtures.modelPath(name)
      let tokenizer = try SentencePieceTokenizer(path: path)
      #expect(tokenizer.model.serialized == (try FileSystem.read(path)))
      #expect(tokenizer.fingerprint == (try SHA256.hex(ofFile: path)))
      try Scratch.use { folder in
        try tokenizer.save(to: folder.file("copy.model"))
        #expect(try FileSystem.read(folder.file("copy.model")) == FileSystem.read(path))
      }
    }
  }
}

/// Texts of characters from all over Unicode.
enum RandomText {
  static func make(length: Int, _ random: inout FixedGenerator) -> String {
    var text = ""
    for _ in 0..<length {
      let ranges: [ClosedRange<UInt32>] = [
        0x20...0x7E, 0x9...0xD, 0xA0...0x24F, 0x300...0x36F, 0x2000...0x206F, 0x3000...0x303F,
        0x4E00...0x9FA5,
        0xFF01...0xFF5E, 0x1F600...0x1F64F, 0x1F1E6...0x1F1FF, 0x20000...0x2A6D6, 0xE000...0xE0FF,
      ]
      let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
      guard let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) else { continue }
      text.unicodeScalars.append(scalar)
    }
    return text
  }
}
