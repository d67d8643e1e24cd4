public import Files

/// The settings that a resumed run changes on purpose; all others must be those of its checkpoint.
///
/// What is not set stays. The changed values hold from the first resumed step on and are those of the run from then
/// on: they are saved by its checkpoints, so that continuing it again with the same changes changes nothing.
public struct ResumeChanges {
  public var schedule: Schedule?
  /// Of the whole run; a schedule that depends on their number follows.
  public var steps: Int?
  /// The greatest norm of all gradients together, or none.
  public var clip: Clip?
  public var optimizer: AdamWOptions?

  public enum Clip: Equatable, Sendable {
    case at(Double)
    case none
  }

  public init(
    schedule: Schedule? = nil, steps: Int? = nil, clip: Clip? = nil, optimizer: AdamWOptions? = nil
  ) {
    self.schedule = schedule
    self.steps = steps
    self.clip = clip
    self.optimizer = optimizer
  }

  /// The names in `RunSettings` that may differ.
  var settings: Set<String> {
    let changed = [
      ("schedule", schedule != nil), ("steps", steps != nil), ("clip", clip != nil),
      ("optimizer", optimizer != nil),
    ]
    return Set(changed.filter(\.1).map(\.0))
  }

  /// Throws when the checkpoint has made more steps than the whole run shall now have.
  func requireSteps(after made: Int, of checkpoint: String) throws {
    guard let steps, steps < made else { return }
    throw TrainingError(
      argument: "resume", reason: "\(checkpoint) has made \(made) steps, \(steps) are too few")
  }

  /// The options of a run with these changes.
  func applied(to options: TrainingOptions) -> TrainingOptions {
    var options = options
    if let schedule { options.schedule = schedule }
    if let steps { options.steps = steps }
    switch clip {
    case .at(let norm): options.clip = norm
    case Clip.none?: options.clip = nil
    case nil: break
    }
    if let optimizer { options.optimizer = optimizer }
    return options
  }
}

/// A setting of a run that is another one since it was resumed, in words.
public struct SettingChange: Equatable, Sendable, CustomStringConvertible {
  public let name: String
  public let before: String
  public let after: String

  public var description: String { "\(name): \(before) -> \(after)" }

  /// As it stands in the metrics file and in Lua.
  public var json: JSON { ["name": .string(name), "before": .string(before), "after": .string(after)] }
}
