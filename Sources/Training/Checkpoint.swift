import Files
import Models
import OrderedCollections
import Tensors

/// The state of a run after a step: what a folder `step-N` holds beside the tensors.
///
/// `weights.safetensors` has the trained parameters under their names, `optimizer.safetensors` their two moments,
/// `checkpoint.json` this value and the run's settings. Weights that are not trained are those of the model given to the
/// resumed run; their fingerprint is among the settings.
struct Checkpoint {
  let step: Int
  /// The place in the data.
  let cursor: JSON
  /// What hooks keep.
  let state: JSON
  /// The first evaluation's nll, where this step was evaluated.
  let score: Double?

  private static let format = 1
  private static let weights = "weights.safetensors"
  private static let moments = "optimizer.safetensors"
  private static let description = "checkpoint.json"

  /// Bytes of the tensors: a parameter and its two moments.
  static func byteCount(ofTrained floats: Int) -> Int { 3 * 4 * floats }

  /// Writes into a folder of its own; tensors go to the file from where they are, without a copy.
  func write(to folder: String, settings: RunSettings, of optimizer: Optimizer) throws {
    let weights = optimizer.slots.map { slot in
      WritableTensor(name: slot.name, shape: slot.parameter.shape) { slot.parameter }
    }
    let moments = optimizer.slots.flatMap { slot in
      [
        WritableTensor(name: slot.name + ".first_moment", shape: slot.parameter.shape) { slot.firstMoment },
        WritableTensor(name: slot.name + ".second_moment", shape: slot.parameter.shape) { slot.secondMoment },
      ]
    }
    try SafeTensorsWriter.write(weights, to: FileSystem.join(folder, Self.weights))
    try SafeTensorsWriter.write(moments, to: FileSystem.join(folder, Self.moments))
    let fields: OrderedDictionary<String, JSON> = [
      "format": JSON(Self.format), "step": JSON(step), "score": score.map { .number($0) } ?? .null,
      "settings": settings.json, "state": state, "cursor": cursor,
    ]
    try AtomicFile.write(
      JSON.object(fields).text(indent: 1) + "\n", to: FileSystem.join(folder, Self.description))
  }

  /// The files of the trained parameters and of their moments.
  static func tensorFiles(_ folder: String) -> (weights: String, moments: String) {
    (FileSystem.join(folder, weights), FileSystem.join(folder, moments))
  }

  /// What `checkpoint.json` says, without its settings.
  static func header(_ folder: String) throws -> Checkpoint {
    try parse(folder).checkpoint
  }

  /// Throws `FileError` unless the description can be read and the files of tensors have their whole length.
  static func check(_ folder: String) throws {
    _ = try parse(folder)
    for name in [weights, moments] { _ = try SafeTensorsFile(path: FileSystem.join(folder, name)) }
  }

  /// Reads a checkpoint of a run with these settings into the optimizer's parameters and moments.
  ///
  /// Settings that may be changed come back with what they were. Throws `TrainingError` naming every other
  /// difference, for then it belongs to another run; nothing is changed.
  static func read(
    _ folder: String, settings: RunSettings, changing names: Set<String> = [], into optimizer: Optimizer
  ) throws -> (checkpoint: Checkpoint, changes: [SettingChange]) {
    let (checkpoint, saved) = try parse(folder)
    let differences = settings.differences(from: saved, except: names)
    guard differences.isEmpty else {
      throw TrainingError(
        argument: "resume",
        reason:
          "\(folder) belongs to another run: \(differences.joined(separator: "; ")). Undo this to continue "
          + "it, or start a new run in another dir")
    }
    let weights = try SafeTensorsFile(path: FileSystem.join(folder, Self.weights))
    let moments = try SafeTensorsFile(path: FileSystem.join(folder, Self.moments))
    var copies: [(source: Tensor, target: Tensor)] = []
    for slot in optimizer.slots {
      for (file, name, target) in [
        (weights, slot.name, slot.parameter), (moments, slot.name + ".first_moment", slot.firstMoment),
        (moments, slot.name + ".second_moment", slot.secondMoment),
      ] {
        guard let entry = file[name], entry.shape == target.shape else {
          throw FileError(path: file.path, field: name, reason: "shape \(target.shape) expected")
        }
        copies.append((try file.tensor(entry), target))
      }
    }
    for (source, target) in copies { target.pointer.update(from: source.pointer, count: target.count) }
    return (checkpoint, settings.changes(from: saved, among: names))
  }

  private static func parse(_ folder: String) throws -> (checkpoint: Checkpoint, settings: JSON) {
    let path = FileSystem.join(folder, description)
    let json = try JSON.read(path)
    guard json["format"]?.intValue == format else {
      throw FileError(path: path, field: "format", reason: "\(format) expected")
    }
    guard let step = json["step"]?.intValue, let cursor = json["cursor"], let state = json["state"],
      let settings = json["settings"]
    else { throw FileError(path: path, reason: "step, settings, state and cursor expected") }
    let checkpoint = Checkpoint(step: step, cursor: cursor, state: state, score: json["score"]?.doubleValue)
    return (checkpoint, settings)
  }
}
