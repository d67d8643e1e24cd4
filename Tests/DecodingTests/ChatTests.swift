import Models
import TestSupport
import Testing
import Tokenizers

@testable import Decoding

@Suite struct ChatTests {
  private func model(context: Int = 1024, template: String? = "alpaca") throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 259, hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8)
    spec.maxPositionEmbeddings = context
    let model = try LanguageModel.new(spec, tokenizer: ByteTokenizer())
    model.template = try template.map { try .named($0) }
    return model
  }

  /// Answers every prompt with the same text and the end token.
  private func saying(_ text: String, prompts: @escaping (String) -> Void = { _ in }) -> GenerateOptions {
    let answer = text.utf8.map { 3 + Int32($0) } + [2]
    var written = 0
    return GenerateOptions(maxTokens: 60, temperature: 0) { logits, ids in
      if written == 0 { prompts(try ByteTokenizer().decode(ids)) }
      logits[Int(answer[written])] = 1000
      written = (written + 1) % answer.count
    }
  }

  @Test func answersInTheModelsTemplate() throws {
    var prompts: [String] = []
    let chat = try Chat(model: model(), options: saying(" fine.\n") { prompts.append($0) })
    var pieces = ""
    #expect(try chat.reply(to: "How are you?") { pieces += $0 } == "fine.")
    #expect(pieces == "fine.")
    #expect(
      prompts == [
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
          + "### Instruction:\nHow are you?\n\n### Response:"
      ])
    #expect(chat.messages == [ChatMessage(.user, "How are you?"), ChatMessage(.assistant, "fine.")])
    chat.reset()
    #expect(chat.messages.isEmpty)
  }

  @Test func theTemplatesStopStringEndsTheAnswer() throws {
    let chat = try Chat(model: model(), options: saying("yes\n\n### Instruction:\nmore"))
    var pieces = ""
    #expect(try chat.reply(to: "Really?") { pieces += $0 } == "yes")
    #expect(pieces == "yes")
  }

  @Test func theOldestTurnsAreForgottenWhenTheContextIsFull() throws {
    let model = try model(context: 330)
    var options = GenerateOptions(maxTokens: 20, temperature: 0)
    options.logits = { logits, _ in logits[2] = 1000 }
    let chat = try Chat(model: model, options: options, system: "Be brief.")
    for number in 1...6 { try chat.reply(to: "question number \(number)") }
    #expect(chat.messages.first == ChatMessage(.system, "Be brief."))
    #expect(chat.messages.count < 13)
    #expect(chat.messages.suffix(2).first == ChatMessage(.user, "question number 6"))
  }

  @Test func aFailedReplyLeavesTheConversationAsItWas() throws {
    struct Broken: Error {}
    let chat = try Chat(model: model(), options: saying("ok"))
    #expect(throws: Broken.self) { try chat.reply(to: "hello") { _ in throw Broken() } }
    #expect(chat.messages.isEmpty)
  }

  @Test func aTemplateIsNeeded() throws {
    #expect(
      throws: DecodingError(
        argument: "model", reason: "it has no chat template; there are 'alpaca', 'ymcui-alpaca'")
    ) { try Chat(model: model(template: nil)) }
  }
}
