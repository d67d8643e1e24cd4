public import Models
public import Tokenizers

/// A conversation with a model in its own template.
public final class Chat {
  /// All turns so far, the system message included.
  public private(set) var messages: [ChatMessage] = []
  private let model: LanguageModel
  private let tokenizer: any Tokenizer
  private let template: ChatTemplate
  private let options: GenerateOptions
  private let opening: [ChatMessage]

  /// Throws `DecodingError` for a model without a template or tokenizer.
  public init(model: LanguageModel, options: GenerateOptions = GenerateOptions(), system: String? = nil)
    throws
  {
    try options.validate()
    guard let tokenizer = model.tokenizer else {
      throw DecodingError(argument: "model", reason: "it has no tokenizer to talk with")
    }
    guard let template = model.template else {
      let names = ChatTemplate.all.map { "'\($0.name)'" }.joined(separator: ", ")
      throw DecodingError(argument: "model", reason: "it has no chat template; there are \(names)")
    }
    self.model = model
    self.tokenizer = tokenizer
    self.template = template
    self.options = options
    opening = system.map { [ChatMessage(.system, $0)] } ?? []
    messages = opening
  }

  /// Forgets all turns but the system message.
  public func reset() { messages = opening }

  /// Answers `text`, handing out each piece of the answer as it comes; an error leaves the conversation as it was.
  ///
  /// When the context is full the oldest turns are forgotten.
  @discardableResult
  public func reply(to text: String, _ write: (String) throws -> Void = { _ in }) throws -> String {
    var turns = messages + [ChatMessage(.user, text)]
    var prompt = try template.promptTokens(turns, tokenizer)
    let context = model.transformer.spec.maxPositionEmbeddings
    let wanted = options.maxTokens ?? min(256, context / 2)
    while prompt.count + wanted > context, turns.count > opening.count + 1 {
      turns.removeSubrange(opening.count..<opening.count + 2)
      prompt = try template.promptTokens(turns, tokenizer)
    }
    let generator = try Generator(model: model, prompt: prompt, options: options)
    let stream = try TextStream(generator: generator, model: model, stop: template.stopStrings)
    var answer = Trimmed()
    while let piece = try stream.next() {
      let visible = answer.take(piece)
      if !visible.isEmpty { try write(visible) }
    }
    messages = turns + [ChatMessage(.assistant, answer.text)]
    return answer.text
  }
}

/// Text without white space around it, known piece by piece.
private struct Trimmed {
  private(set) var text = ""
  private var spaces = ""

  /// What of `piece` can be shown now: white space waits for what follows it.
  mutating func take(_ piece: String) -> String {
    var shown = ""
    for character in piece {
      if character.isWhitespace {
        if !(text.isEmpty && shown.isEmpty) { spaces.append(character) }
      } else {
        shown += spaces
        shown.append(character)
        spaces = ""
      }
    }
    text += shown
    return shown
  }
}
