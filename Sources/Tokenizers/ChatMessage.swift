/// One turn of a conversation.
public struct ChatMessage: Equatable, Sendable {
  public enum Role: String, Sendable, CaseIterable {
    case system, user, assistant
  }

  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}

/// A task, what it is about, and its answer, as the Alpaca data has them.
public struct InstructionRow: Equatable, Sendable {
  public var instruction: String
  /// Empty when the instruction says it all.
  public var input: String
  public var output: String

  public init(instruction: String, input: String = "", output: String) {
    self.instruction = instruction
    self.input = input
    self.output = output
  }
}

/// A conversation as text, with what a model is to learn marked.
public struct RenderedText: Equatable, Sendable {
  public struct Segment: Equatable, Sendable {
    public let text: String
    /// The model is trained to write this.
    public let trained: Bool
    /// The end token follows, trained as well.
    public let ends: Bool
  }

  public let segments: [Segment]

  /// All of it, without the end tokens.
  public var text: String { segments.map(\.text).joined() }
}

/// Tokens, and which of them a model is trained to write.
public struct MaskedTokens: Equatable, Sendable {
  public var ids: [Int32]
  public var trained: [Bool]

  public init(ids: [Int32] = [], trained: [Bool] = []) {
    precondition(ids.count == trained.count)
    self.ids = ids
    self.trained = trained
  }

  public var trainedCount: Int { trained.count { $0 } }

  mutating func append(_ id: Int32, trained: Bool) {
    ids.append(id)
    self.trained.append(trained)
  }
}
