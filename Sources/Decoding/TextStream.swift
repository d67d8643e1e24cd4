public import Models
import Tokenizers

/// The text that a generator writes, piece by piece.
///
/// A piece never ends in half a character; a character that generation itself cut short is left out. Stop strings end
/// the text and no part of one is ever given out.
public final class TextStream {
  public let generator: Generator
  private var decoder: StreamDecoder
  private var stops: StopMatcher
  private var isDone = false

  /// - Parameter stop: ends the text beside the options' own stop strings.
  public init(generator: Generator, model: LanguageModel, stop: [String] = []) throws {
    guard let tokenizer = model.tokenizer else {
      throw DecodingError(argument: "model", reason: "it has no tokenizer to make text with")
    }
    self.generator = generator
    decoder = StreamDecoder(tokenizer, after: Array(generator.ids[..<generator.promptCount]))
    stops = StopMatcher(generator.sampler.options.stop + stop)
  }

  /// Continues a text: BOS, if the vocabulary has one, and the text's tokens are the prompt.
  public convenience init(model: LanguageModel, prompt: String, options: GenerateOptions) throws {
    let ids = try model.promptTokens(prompt)
    try self.init(generator: try Generator(model: model, prompt: ids, options: options), model: model)
  }

  /// Whether a stop string ended the text.
  public var hasStopped: Bool { stops.hasStopped }

  /// The next piece of text, never empty; nil at the end.
  public func next() throws -> String? {
    while !isDone {
      var text: String
      if let id = try generator.next() {
        text = stops.take(try decoder.append(id))
        isDone = stops.hasStopped
      } else {
        text = stops.finish()
        isDone = true
      }
      if !text.isEmpty { return text }
    }
    return nil
  }

  /// All that is left of the text.
  public func rest() throws -> String {
    var text = ""
    while let piece = try next() { text += piece }
    return text
  }
}

extension LanguageModel {
  /// BOS, if the vocabulary has one, and the tokens of `text`.
  public func promptTokens(_ text: String) throws -> [Int32] {
    guard let tokenizer else {
      throw DecodingError(argument: "model", reason: "it has no tokenizer to read text with")
    }
    return (tokenizer.bosID.map { [$0] } ?? []) + (try tokenizer.encode(text))
  }
}
