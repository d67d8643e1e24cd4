public import Models
import Processes
import Tokenizers

/// Chooses one token after another; knows token ids only.
public final class Generator {
  /// Why no further token comes.
  public enum Ending: Equatable, Sendable {
    /// The model chose this end token, which is not among the ids.
    case endToken(Int32)
    /// `max_tokens` were generated.
    case length
  }

  /// The prompt and what was generated so far.
  public private(set) var ids: [Int32]
  public let promptCount: Int
  public private(set) var ending: Ending? { didSet { if ending != nil { forgetCache() } } }
  /// The most tokens that will be generated.
  public let maxTokens: Int
  public let sampler: Sampler
  private let transformer: Transformer
  private let endTokens: Set<Int32>
  private var kept: KVCache?
  private var advanced = 0

  /// Throws `DecodingError` when prompt and `maxTokens` do not fit into the context together, naming both, or the
  /// prompt alone where there is no `maxTokens`.
  ///
  /// - Parameter prompt: token ids, BOS among them where the model expects one.
  public init(model: LanguageModel, prompt: [Int32], options: GenerateOptions) throws {
    sampler = try Sampler(options)
    let context = model.transformer.spec.maxPositionEmbeddings
    guard !prompt.isEmpty else {
      throw DecodingError(argument: "prompt", reason: "at least one token expected")
    }
    guard options.maxTokens != nil || prompt.count < context else {
      throw DecodingError(
        argument: "prompt",
        reason: "\(prompt.count) tokens leave no room for an answer in the model's context of \(context)")
    }
    maxTokens = options.maxTokens ?? min(256, context - prompt.count)
    guard prompt.count + maxTokens <= context else {
      throw DecodingError(
        argument: "max_tokens",
        reason: "the prompt of \(prompt.count) tokens and max_tokens \(maxTokens) make "
          + "\(prompt.count + maxTokens), more than the model's context of \(context)")
    }
    transformer = model.transformer
    endTokens = model.endTokens
    ids = prompt
    promptCount = prompt.count
  }

  /// The keys and values so far; there are none before the first token and after the last.
  func cache() throws -> KVCache {
    if let kept { return kept }
    let made = try transformer.makeCache(capacity: promptCount + maxTokens)
    kept = made
    return made
  }

  /// Lets go of the keys and values; there will be no further token.
  func forgetCache() { kept = nil }

  /// The new tokens so far.
  public var generated: ArraySlice<Int32> { ids[promptCount...] }

  /// The next token; nil when `ending` says why there is none.
  public func next() throws -> Int32? {
    guard let tokens = unseen else { return nil }
    try Interrupt.check()
    return try choose(from: transformer.advance(Array(tokens), cache: cache()))
  }

  /// What the model has to be shown for the next token; nil when none comes, which `ending` then explains.
  var unseen: ArraySlice<Int32>? {
    guard ending == nil else { return nil }
    guard ids.count - promptCount < maxTokens else {
      ending = .length
      return nil
    }
    return ids[advanced...]
  }

  /// Takes the logits behind all ids and chooses; nil when it is an end token.
  func choose(from logits: [Float]) throws -> Int32? {
    advanced = ids.count
    let id = try sampler.next(logits, after: ids)
    if endTokens.contains(id) {
      ending = .endToken(id)
      return nil
    }
    ids.append(id)
    return id
  }
}

extension LanguageModel {
  /// Tokens that end an answer: those of the configuration and the tokenizer's EOS.
  var endTokens: Set<Int32> {
    var tokens = Set(transformer.spec.eosTokenIDs.map { Int32($0) })
    if let end = tokenizer?.eosID { tokens.insert(end) }
    return tokens
  }
}
