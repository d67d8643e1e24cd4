import TestSupport
import Testing
import Tokenizers

/// Masks are compared token by token with those computed from sentencepiece's Python package.
@Suite struct ChatTemplateTests {
  @Test func masksAreTheReferences() throws {
    let rows = try TokenizerFixtures.named("mask")
    #expect(!rows.isEmpty)
    for row in rows {
      let tokenizer = try TokenizerFixtures.tokenizer(row.text("model"))
      let template = try ChatTemplate.named(row.text("template"))
      let instruction = try row.text("instruction")
      let tokens = try template.tokens(
        for: InstructionRow(
          instruction: instruction, input: row.text("input"), output: row.text("output")),
        tokenizer)
      #expect(tokens.ids == (try row.ids("ids")), "\(template.name): \(instruction)")
      #expect(tokens.trained == (try row.integers("trained").map { $0 == 1 }), "\(instruction)")
    }
  }

  @Test(arguments: ChatTemplate.all) func trainsExactlyTheAnswersAndTheirEnds(_ template: ChatTemplate) throws
  {
    let tokenizer = try TokenizerFixtures.tokenizer("zh")
    let talk: [ChatMessage] = [
      .init(.system, "Answer in Chinese."), .init(.user, "你好"), .init(.assistant, "你好！"),
      .init(.user, "Tom?"),
      .init(.assistant, "小猫在公园。"), .init(.user, "看书"), .init(.assistant, "大家都很高兴\n"),
    ]
    for messages in [Array(talk[1...2]), Array(talk[0...2]), Array(talk[1...]), talk] {
      let tokens = try template.tokens(for: messages, tokenizer)
      var answers: [String] = []
      var current: [Int32] = []
      for (id, trained) in zip(tokens.ids, tokens.trained) where trained {
        if id == tokenizer.eosID {
          answers.append(try tokenizer.decode(current))
          current = []
        } else {
          current.append(id)
        }
      }
      #expect(current.isEmpty)
      #expect(answers == messages.filter { $0.role == .assistant }.map(\.content))
      #expect(tokens.ids.count { $0 == tokenizer.bosID } == 1)
      #expect(tokens.ids.first == tokenizer.bosID)
      #expect(tokens.ids.last == tokenizer.eosID)
    }
  }

  @Test(arguments: ChatTemplate.all) func chatGivesTheTokensThatTrainingGave(_ template: ChatTemplate) throws
  {
    let tokenizer = try TokenizerFixtures.tokenizer("zh")
    let talk: [ChatMessage] = [
      .init(.user, "你好"), .init(.assistant, "大家好"), .init(.user, "Tom?"), .init(.assistant, "小猫在公园。"),
    ]
    for count in [1, 3] {
      let prompt = try template.promptTokens(Array(talk[..<count]), tokenizer)
      let trained = try template.tokens(for: Array(talk[...count]), tokenizer)
      #expect(Array(trained.ids.prefix(prompt.count)) == prompt)
      #expect(trained.trained[prompt.count])
    }
    for input in ["", "小猫"] {
      let row = InstructionRow(instruction: "讲故事", input: input, output: "雨燕在北京")
      let prompt = try template.promptTokens(row, tokenizer)
      let trained = try template.tokens(for: row, tokenizer)
      #expect(Array(trained.ids.prefix(prompt.count)) == prompt)
      #expect(trained.trained == trained.ids.indices.map { $0 >= prompt.count })
    }
    let asRow = try template.tokens(for: InstructionRow(instruction: "你好", output: "大家好"), tokenizer)
    #expect(try template.tokens(for: Array(talk[...1]), tokenizer) == asRow)
  }

  /// ":案" is one token, of the end of the prompt and the beginning of the answer.
  @Test func aTokenAcrossTheBorderIsContext() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("zh").addPiece(":案", score: 10).addPiece("案", score: 9)
    let template = try ChatTemplate.named("alpaca")
    let tokens = try template.tokens(for: InstructionRow(instruction: "x", output: "案看书"), tokenizer)
    let joined = try #require(tokenizer.id(of: ":案"))
    let place = try #require(tokens.ids.firstIndex(of: joined))
    #expect(!tokens.trained[place])
    #expect(tokens.trained[(place + 1)...].allSatisfy { $0 })
    #expect(try tokenizer.decode(Array(tokens.ids[(place + 1)...])) == "看书")
  }

  @Test func theEndIsTrainedWhenItIsThePaddingToo() throws {
    try Scratch.use { folder in
      try TokenizerFixtures.tokenizer("bpe").save(to: folder.file("tokenizer.model"))
      try folder.write("{\"pad_token\": \"</s>\"}", "tokenizer_config.json")
      let tokenizer = try TokenizerFile.load(folder.path)
      #expect(tokenizer.padID == tokenizer.eosID)
      for template in ChatTemplate.all {
        let tokens = try template.tokens(for: InstructionRow(instruction: "a", output: "b"), tokenizer)
        #expect(tokens.ids.last == 2 && tokens.trained.last == true)
      }
    }
  }

  @Test func promptsAreThePublishedOnes() throws {
    let alpaca = try ChatTemplate.named("alpaca")
    #expect(
      alpaca.render(InstructionRow(instruction: "Add.", input: "1 2", output: "3")).text
        == "Below is an instruction that describes a task, paired with an input that provides further context. Write a "
        + "response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:3"
    )
    #expect(
      try alpaca.prompt(messages: [.init(.user, "Hi")])
        == "Below is an instruction that describes a task. Write a response that appropriately completes the request."
        + "\n\n### Instruction:\nHi\n\n### Response:")
    #expect(
      try alpaca.prompt(messages: [
        .init(.system, "Be kind."), .init(.user, "a"), .init(.assistant, "b"), .init(.user, "c"),
      ])
        == "Be kind.\n\n### Instruction:\na\n\n### Response:b### Instruction:\nc\n\n### Response:")
    #expect(
      try ChatTemplate.named("ymcui-alpaca").render(
        InstructionRow(instruction: "Add.", input: "1 2", output: "3")
      ).text
        == "Below is an instruction that describes a task. Write a response that appropriately completes the request."
        + "\n\n### Instruction:\nAdd.\n1 2\n\n### Response: 3")
  }

  @Test func fingerprintsDiffer() {
    #expect(Set(ChatTemplate.all.map(\.fingerprint)).count == ChatTemplate.all.count)
    #expect(ChatTemplate.all.allSatisfy { $0.fingerprint.count == 64 })
  }

  @Test func wrongConversationsAreNamed() throws {
    let template = try ChatTemplate.named("alpaca")
    let tokenizer = try TokenizerFixtures.tokenizer("bpe")
    #expect(
      message { _ = try ChatTemplate.named("llama2") }
        == "template 'llama2': is not known; there are 'alpaca', 'ymcui-alpaca'")
    #expect(
      message { _ = try template.promptTokens([.init(.user, "a"), .init(.user, "b")], tokenizer) }
        == "message 2: role 'assistant' expected, got 'user'")
    #expect(
      message { _ = try template.promptTokens([.init(.user, "a"), .init(.system, "b")], tokenizer) }
        == "message 2: role 'assistant' expected, got 'system'")
    #expect(
      message { _ = try template.promptTokens([ChatMessage](), tokenizer) }
        == "messages: there is no user message")
    #expect(
      message { _ = try template.promptTokens([.init(.user, "a"), .init(.assistant, "b")], tokenizer) }
        == "messages: the last one is the assistant's; a user message must follow")
    #expect(
      message { _ = try template.tokens(for: [.init(.user, "a")], tokenizer) }
        == "messages: the last one is the user's; an answer must follow to train on")
  }
}
