import TestSupport
import Testing
import Tokenizers

@Suite struct StreamDecoderTests {
  private func ids(ofBytes bytes: [UInt8]) -> [Int32] { bytes.map { Int32($0) + 3 } }

  @Test func neverGivesHalfACharacter() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bpe")
    var decoder = StreamDecoder(tokenizer)
    let parts = try ids(ofBytes: Array("雨🙂".utf8)).map { try decoder.append($0) }
    #expect(parts == ["", "", "雨", "", "", "", "🙂"])
    #expect(decoder.finish() == "")
  }

  @Test func partsTogetherAreTheDecodedText() throws {
    var random = FixedGenerator(state: 5)
    for name in ["bpe", "unigram", "unigram_bytes"] {
      let tokenizer = try TokenizerFixtures.tokenizer(name)
      for _ in 0..<200 {
        let ids = (0..<20).map { _ in Int32.random(in: 0..<Int32(tokenizer.count), using: &random) }
        var decoder = StreamDecoder(tokenizer)
        var text = ""
        for id in ids { text += try decoder.append(id) }
        #expect(try (text + decoder.finish()).utf8.elementsEqual(tokenizer.decode(ids).utf8))
      }
    }
  }

  @Test func brokenBytesComeOutAsReplacementCharacters() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bpe")
    let broken: [([UInt8], String)] = [
      ([0xFF], "\u{FFFD}"), ([0xE4, 0xBD], "\u{FFFD}\u{FFFD}"), ([0xE4, 0xBD, 0x41], "\u{FFFD}\u{FFFD}A"),
      ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
      ([0xF0, 0x9F, 0xE4, 0xBD, 0xA0], "\u{FFFD}\u{FFFD}你"),
      ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
    ]
    for (bytes, text) in broken {
      #expect(try tokenizer.decode(ids(ofBytes: bytes)) == text)
      #expect(try tokenizer.decodeBytes(ids(ofBytes: bytes)) == bytes)
    }
  }

  @Test func aTextThatGoesOnKeepsItsSpace() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bpe")
    let tom = try #require(tokenizer.id(of: "▁Tom"))
    var fresh = StreamDecoder(tokenizer, after: [1])
    #expect(try fresh.append(tom) == "Tom")
    var later = StreamDecoder(tokenizer, after: [1, tom])
    #expect(try later.append(tom) == " Tom")
  }
}
