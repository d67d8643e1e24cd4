import Files
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenizerFileTests {
  @Test func aFolderRoundTrip() throws {
    try Scratch.use { folder in
      let tokenizer = try TokenizerFixtures.tokenizer("bpe").addPiece("[PAD]")
      let place = folder.file("model")
      try tokenizer.saveFolderFiles(to: place)
      #expect(
        try FileSystem.list(place) == ["special_tokens_map.json", "tokenizer.model", "tokenizer_config.json"])
      let again = try TokenizerFile.load(place)
      #expect(again.fingerprint == tokenizer.fingerprint)
      #expect([again.bosID, again.eosID, again.unknownID, again.padID] == [1, 2, 0, 500])
      #expect(again.configuration.addsBOS && !again.configuration.addsEOS)
      let special = try JSON.read(FileSystem.join(place, "special_tokens_map.json"))
      #expect(
        special == ["bos_token": "<s>", "eos_token": "</s>", "pad_token": "[PAD]", "unk_token": "<unk>"])
    }
  }

  @Test func theConfigurationIsReadAndKept() throws {
    try Scratch.use { folder in
      try TokenizerFixtures.tokenizer("bpe").save(to: folder.file("tokenizer.model"))
      try folder.write(
        """
        {"add_bos_token": false, "add_eos_token": true, "bos_token": {"__type": "AddedToken", "content": "<s>"},
         "eos_token": "</s>", "pad_token": null, "model_max_length": 2048, "chat_template": "{{ x }}",
         "added_tokens_decoder": {"0": {"content": "<unk>", "special": true}, "500": {"content": "<|end|>", "special": true},
                                  "501": {"content": "<tool>", "special": false}}}
        """, "tokenizer_config.json")
      let first = try TokenizerFile.load(folder.path)
      #expect(first.count == 502)
      #expect(first.id(of: "<|end|>") == 500)
      #expect(try first.pieces("a<tool>b").contains("<tool>"))
      #expect(try !first.encode("<|end|>").contains(500))
      try first.saveFolderFiles(to: folder.file("copy"))
      let second = try TokenizerFile.load(folder.file("copy"))
      #expect(second.configuration.chatTemplate == "{{ x }}")
      #expect(!second.configuration.addsBOS && second.configuration.addsEOS)
      #expect(second.configuration.maximumLength == 2048)
      #expect(second.count == 502)
    }
  }

  @Test func wrongConfigurationsAreNamed() throws {
    try Scratch.use { folder in
      try TokenizerFixtures.tokenizer("bpe").save(to: folder.file("tokenizer.model"))
      let path = folder.file("tokenizer_config.json")
      func message(for json: String) throws -> String {
        try folder.write(json, "tokenizer_config.json")
        return TokenizersTests.message { _ = try TokenizerFile.load(folder.path) }
      }
      #expect(try message(for: "[]") == "\(path): object expected, got array")
      #expect(
        try message(for: "{\"add_bos_token\": 1}")
          == "\(path): field 'add_bos_token': true or false expected, got \(JSON.integer(1).typeName)")
      #expect(
        try message(for: "{\"eos_token\": 2}")
          == "\(path): field 'eos_token': string expected, got \(JSON.integer(1).typeName)")
      #expect(
        try message(for: "{\"eos_token\": \"<end>\"}")
          == "\(path): field 'eos_token': '<end>' is not in the vocabulary")
      #expect(
        try message(for: "{\"added_tokens_decoder\": {\"1\": {\"content\": \"</s>\"}}}")
          == "\(path): field 'added_tokens_decoder': token '</s>' has id 1, but tokenizer.model gives it 2")
      #expect(
        try message(for: "{\"added_tokens_decoder\": {\"700\": {\"content\": \"<x>\"}}}")
          == "\(path): field 'added_tokens_decoder': token '<x>' has id 700, expected 500, the next after tokenizer.model"
      )
    }
  }

  @Test func otherFilesAreCalledByTheirName() throws {
    try Scratch.use { folder in
      func message(_ bytes: [UInt8], _ name: String = "x.model") throws -> String {
        let path = try folder.write(bytes, name)
        let text = TokenizersTests.message { _ = try TokenizerFile.load(path) }
        #expect(text.hasPrefix(path + ": "))
        return String(text.dropFirst(path.count + 2))
      }
      let model = try FileSystem.read(TokenizerFixtures.modelPath("bpe"))
      #expect(try message([]) == "is empty")
      #expect(try message(Array("{}".utf8)) == "is not a sentencepiece model but JSON")
      #expect(
        try message(Array("version https://git-lfs.github.com/spec/v1\n".utf8))
          == "is not a sentencepiece model but a Git LFS pointer; fetch the file itself (git lfs pull)")
      #expect(
        try message(Array("zhello world".utf8))
          == "is not a sound sentencepiece model: field 15 is longer than the data")
      #expect(try message(Array(model[..<1000])).hasPrefix("is not a sound sentencepiece model: "))
      #expect(
        try message(Array("x".utf8), "tokenizer.json").hasPrefix(
          "tokenizer.json is a kind of tokenizer that is not supported; supported are sentencepiece models (tokenizer.model)"
        ))
      let header: [Int32] = [8, 16, 1, 2, 2, 4, 32] + Array(repeating: 0, count: 32)
      #expect(
        try message(
          header.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }, "m.bin")
          == "is a llama2.c model, which holds no vocabulary: its vocabulary (such as tok512.bin) is needed")
      #expect(try message([7, 0], "t.bin") == "is not a llama2.c vocabulary: it has only 2 bytes")
      #expect(
        try message([7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 65], "t.bin")
          == "is not a llama2.c vocabulary: it ends inside piece 0")
      #expect(
        try message([7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 65], "t.bin")
          == "is not a llama2.c vocabulary: piece 0 should be <unk>")
    }
    #expect(
      message { _ = try TokenizerFile.load("nowhere.model") } == "nowhere.model: no such file or folder")
    try Scratch.use { folder in
      #expect(
        message { _ = try TokenizerFile.load(folder.path) }
          == "\(folder.path): holds no tokenizer.model; supported are sentencepiece models (tokenizer.model), folders "
          + "that hold one, and llama2.c vocabularies (.bin)")
      try folder.write("{}", "tokenizer.json")
      #expect(
        message { _ = try TokenizerFile.load(folder.path) }.hasPrefix(
          "\(folder.path): holds tokenizer.json but no tokenizer.model; supported are"))
    }
  }

  /// Every beginning of a model is refused, and none of them stops the process.
  @Test func aModelCutShortIsRefused() throws {
    let model = try FileSystem.read(TokenizerFixtures.modelPath("zh"))
    for end in stride(from: 1, to: model.count - 1, by: 13) {
      #expect(throws: FileError.self) {
        try SentencePieceTokenizer(bytes: Array(model[..<end]), path: "cut.model")
      }
    }
  }

  @Test func faultyVocabulariesAreRefused() throws {
    func message(_ change: (inout [SentencePieceModel.Piece]) -> Void) throws -> String {
      var model = try TokenizerFixtures.tokenizer("bpe").model
      change(&model.pieces)
      let bytes = model.serialized
      return TokenizersTests.message { _ = try SentencePieceTokenizer(bytes: bytes, path: "m") }
    }
    let start = "m: is not a sound sentencepiece model: "
    #expect(
      try message { $0.append($0[400]) } == start
        + "piece '\(try piece(400))' stands there twice, as 400 and 500")
    #expect(
      try message { $0[0] = .init(text: "<unk>", score: 0) } == start + "it has no unknown piece (<unk>)")
    #expect(
      try message { $0[1] = .init(text: "<s>", score: 0, kind: .unknown) }
        == start + "it has 2 unknown pieces, 0 and 1 among them")
    #expect(try message { $0[400] = .init(text: "", score: 0) } == start + "piece 400 is empty")
    #expect(
      try message { $0[400] = .init(text: "q", score: .nan) } == start + "piece 400 'q' has the score nan")
    #expect(try message { $0.remove(at: 5) } == start + "byte_fallback needs 256 byte pieces, it has 255")
    #expect(try message { $0 = [] } == start + "it holds no pieces")
  }

  private func piece(_ id: Int32) throws -> String {
    try #require(TokenizerFixtures.tokenizer("bpe").piece(id))
  }

  @Test func canonicallyEqualPiecesAreDifferent() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bpe").addPiece("\u{8C48}").addPiece("\u{F900}")
    #expect(tokenizer.id(of: "\u{8C48}") == 500 && tokenizer.id(of: "\u{F900}") == 501)
    #expect(try tokenizer.encode("\u{F900}").last == 501)
  }
}
