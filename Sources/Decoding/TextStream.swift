public import Models
import Tokenizers

/// Turns a generator's tokens into text.
///
/// A piece never ends in half a character; a character that generation itself cut short is left out. Stop strings end
/// the text and no part of one is ever given out.
struct TextWriter {
  private var decoder: StreamDecoder
  private var stops: StopMatcher
  private(set) var isDone = false

  /// - Parameter stop: ends the text beside the options' own stop strings.
  init(generator: Generator, model: LanguageModel, stop: [String] = []) throws {
    guard let tokenizer = model.tokenizer else {
      throw DecodingError(argument: "model", reason: "it has no tokenizer to make text with")
    }
    decoder = StreamDecoder(tokenizer, after: Array(generator.ids[..<generator.promptCount]))
    stops = StopMatcher(generator.sampler.options.stop + stop)
  }

  /// Whether a stop string ended the text.
  var hasStopped: Bool { stops.hasStopped }

  /// What the next token adds to the text, or what was held back when there is none.
  mutating func take(_ token: Int32?) throws -> String {
    guard let token else {
      isDone = true
      return stops.finish()
    }
    let text = stops.take(try decoder.append(token))
    isDone = stops.hasStopped
    return text
  }
}

/// The text that a generator writes, piece by piece; see `TextWriter`.
public final class TextStream {
  public let generator: Generator
  private var writer: TextWriter

  /// - Parameter stop: ends the text beside the options' own stop strings.
  public init(generator: Generator, model: LanguageModel, stop: [String] = []) throws {
    self.generator = generator
    writer = try TextWriter(generator: generator, model: model, stop: stop)
  }

  /// Continues a text: BOS, if the vocabulary has one, and the text's tokens are the prompt.
  public convenience init(model: LanguageModel, prompt: String, options: GenerateOptions) throws {
    let ids = try model.promptTokens(prompt)
    try self.init(generator: try Generator(model: model, prompt: ids, options: options), model: model)
  }

  /// Whether a stop string ended the text.
  public var hasStopped: Bool { writer.hasStopped }

  /// The next piece of text, never empty; nil at the end.
  public func next() throws -> String? {
    while !writer.isDone {
      let text = try writer.take(generator.next())
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
