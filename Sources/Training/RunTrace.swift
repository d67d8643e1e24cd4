import Files
import Glibc
import Models
import OrderedCollections
import Processes
import Tensors

/// What a run left behind, to be compared with another's.
struct RunTrace {
  /// The last step.
  let steps: Int
  /// The records of all steps, without times.
  let records: [OrderedDictionary<String, JSON>]
  /// By step; a resumed run has those of its own steps.
  let samples: [Int: [String]]
  /// The run's checkpoints.
  let folder: String

  /// With what its last checkpoint holds.
  func whole() throws -> WholeTrace {
    let folders = try CheckpointFolder(CheckpointOptions(directory: folder, every: 1))
    guard let latest = folders.latest else { preconditionFailure("a run that is compared has been saved") }
    let (weights, moments) = Checkpoint.tensorFiles(latest)
    return WholeTrace(
      trace: self, end: try Checkpoint.header(latest), weights: try SavedTensors(weights),
      moments: try SavedTensors(moments))
  }

  /// Compares records and samples of the steps that both have made.
  func compared(to other: RunTrace, as name: String) -> ResumeReport.Comparison {
    for (here, there) in zip(records, other.records) where here != there {
      let step = here["step"]?.intValue ?? 0
      let fields = there.keys.filter { here[$0] != there[$0] }.prefix(4)
      let words = fields.map { "\($0) \(Self.text(there[$0])) != \(Self.text(here[$0]))" }
      var differences = ["first at step \(step): \(words.joined(separator: ", "))"]
      if let sample = strayingSample(step, other) { differences.append(sample) }
      return .init(run: name, differences: differences, step: step)
    }
    let step = samples.keys.sorted().first { samples[$0] != other.samples[$0] }
    let difference = step.flatMap { strayingSample($0, other) }
    return .init(run: name, differences: difference.map { [$0] } ?? [], step: step)
  }

  private func strayingSample(_ step: Int, _ other: RunTrace) -> String? {
    guard let here = samples[step], let there = other.samples[step], here != there else { return nil }
    let place = zip(here, there).enumerated().first { $1.0 != $1.1 }?.offset ?? min(here.count, there.count)
    func name(_ list: [String]) -> String { list.indices.contains(place) ? list[place] : "none" }
    return "samples of step \(step): \(name(there)) != \(name(here)) as number \(place + 1)"
  }

  static func text(_ value: JSON?) -> String {
    let text = value?.text() ?? "none"
    return text.count > 60 ? String(text.prefix(57)) + "..." : text
  }
}

/// A run's trace and the state it ended with.
struct WholeTrace {
  let trace: RunTrace
  let end: Checkpoint
  let weights: SavedTensors
  let moments: SavedTensors

  var steps: Int { trace.steps }

  func compared(to other: WholeTrace, as name: String) throws -> ResumeReport.Comparison {
    let steps = trace.compared(to: other.trace, as: name)
    var differences = steps.differences
    if end.state != other.end.state {
      differences.append("s.state: \(RunTrace.text(other.end.state)) != \(RunTrace.text(end.state))")
    }
    if end.cursor != other.end.cursor { differences.append("the place in the data") }
    differences += [
      try weights.difference(from: other.weights, "weights"),
      try moments.difference(from: other.moments, "moments"),
    ].compactMap(\.self)
    return .init(run: name, differences: differences, step: steps.step)
  }
}

/// A safetensors file of a checkpoint.
struct SavedTensors {
  let path: String
  let count: Int
  /// SHA-256 of the whole file: names, shapes and bits.
  let hash: String

  init(_ path: String) throws {
    self.path = path
    count = try SafeTensorsFile(path: path).entries.count
    hash = try SHA256.hex(ofFile: path)
  }

  /// How many tensors differ, and where the first does; nil when none does.
  func difference(from other: SavedTensors, _ kind: String) throws -> String? {
    guard hash != other.hash else { return nil }
    let (here, there) = (try SafeTensorsFile(path: path), try SafeTensorsFile(path: other.path))
    var differing = 0
    var first: String?
    for entry in there.entries {
      try Interrupt.check()
      guard let twin = here[entry.name], twin.shape == entry.shape else {
        preconditionFailure("both runs train the same parameters")
      }
      let (a, b) = (try there.tensor(entry), try here.tensor(twin))
      guard memcmp(a.pointer, b.pointer, a.count * MemoryLayout<Float>.stride) != 0 else { continue }
      differing += 1
      guard first == nil else { continue }
      let place = (0..<a.count).first { a.pointer[$0].bitPattern != b.pointer[$0].bitPattern } ?? 0
      first = "first \(entry.name) with \(a.pointer[place]) != \(b.pointer[place]) as number \(place + 1)"
    }
    return first.map { "\(differing) of \(count) \(kind) differ, \($0)" }
  }
}
