import Files
import Processes
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenizerTrainingTests {
  typealias Options = SentencePieceTokenizer.TrainingOptions

  private var story: [String] {
    let who = ["Tom", "Lily", "小猫", "雨燕"], place = ["park", "garden", "公园", "学校"]
    return (0..<200).map { "\(who[$0 % 4]) went to the \(place[($0 / 4) % 4]), 和朋友一起看书 \($0)." }
  }

  private func options(_ size: Int, _ change: (inout Options) -> Void = { _ in }) -> Options {
    var options = Options()
    options.vocabularySize = size
    options.characterCoverage = 1
    change(&options)
    return options
  }

  private func train(_ options: Options) throws -> SentencePieceTokenizer {
    var lines = story.makeIterator()
    return try SentencePieceTokenizer.train(options) { lines.next() }
  }

  @Test func givesAVocabularyOfTheSizeAskedFor() throws {
    let tokenizer = try train(options(360))
    #expect(tokenizer.count == 360)
    #expect(tokenizer.kind == "bpe")
    #expect([tokenizer.unknownID, tokenizer.bosID, tokenizer.eosID] == [0, 1, 2])
    let text = "Tom 和 Lily went  to\nthe 🙂"
    #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
    #expect(tokenizer.model.byteFallback)
    #expect(tokenizer.model.normalization.name == "identity")
  }

  @Test(arguments: SentencePieceModel.Kind.allCases) func knowsEveryKind(_ kind: SentencePieceModel.Kind)
    throws
  {
    let size = kind == .bpe ? 340 : 307
    let tokenizer = try train(options(size) { $0.kind = kind })
    #expect(tokenizer.kind == kind.name)
    #expect(try !tokenizer.encode("Tom went").isEmpty)
  }

  @Test func theSameTextGivesTheSameModel() throws {
    #expect(try train(options(350)).fingerprint == train(options(350)).fingerprint)
    #expect(
      try train(options(307) { $0.kind = .unigram }).fingerprint
        == train(options(307) { $0.kind = .unigram }).fingerprint)
  }

  @Test func symbolsAndDigitsAreKept() throws {
    let tokenizer = try train(options(360) { $0.userDefinedSymbols = ["<|a,b|>", "学校"] })
    #expect(try tokenizer.pieces("x<|a,b|>y").contains("<|a,b|>"))
    #expect(try tokenizer.pieces("12").suffix(2) == ["1", "2"])
  }

  @Test func readsFilesWithAnyName() throws {
    try Scratch.use { folder in
      try folder.write(story.joined(separator: "\r\n"), "a, b.txt")
      try folder.write(String(repeating: "一个很长的行。", count: 1000), "long.txt")
      var options = options(340)
      options.files = [folder.file("*.txt")]
      let tokenizer = try SentencePieceTokenizer.train(options)
      #expect(tokenizer.id(of: "长") != nil)
    }
  }

  @Test func wrongInputIsSaidInPlainWords() throws {
    #expect(
      message { _ = try train(options(5000)) }.hasPrefix(
        "vocab_size: 5000 is too large for this text, which gives at most "))
    #expect(
      message { _ = try train(options(100)) }.hasPrefix(
        "vocab_size: 100 is too small: characters, bytes and special pieces alone are "))
    #expect(
      message { _ = try train(options(340) { $0.normalization = "nfd" }) }
        == "normalization_rule_name: 'nfd' is not known; there are 'identity', 'nfkc', 'nmt_nfkc', 'nfkc_cf', 'nmt_nfkc_cf'"
    )
    #expect(message { _ = try train(options(0)) } == "vocab_size: 1 to 16777216 expected, got 0")
    #expect(
      message { _ = try train(options(300) { $0.characterCoverage = 0.5 }) }
        == "character_coverage: 0.98 to 1 expected, got 0.5")
    #expect(
      message { _ = try SentencePieceTokenizer.train(options(300)) { nil } }
        == "the given texts: there is no text to train on")
    #expect(
      message { _ = try SentencePieceTokenizer.train(options(300)) } == "files: there is no file to train on")
  }

  @Test func wrongFilesAreNamed() throws {
    try Scratch.use { folder in
      func message(for path: String) -> String {
        var options = options(300)
        options.files = [path]
        return TokenizersTests.message { _ = try SentencePieceTokenizer.train(options) }
      }
      let broken = try folder.write(Array("good\n".utf8) + [0x61, 0xFF, 0x0A], "broken.txt")
      #expect(message(for: broken) == "\(broken):2: is not UTF-8 (byte 2 of the line)")
      let empty = try folder.write("\n \n", "empty.txt")
      #expect(message(for: empty) == "\(empty): there is no text to train on")
      let json = try folder.write("{\"text\": \"a\"}\n", "a.jsonl")
      #expect(
        message(for: json)
          == "\(json): is JSON; train on plain text, or on a data stream that reads its field")
    }
  }
}
