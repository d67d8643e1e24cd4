import Files

/// The checkpoints of one run: `step-000100` folders, of which a crash at any moment leaves only whole ones.
final class CheckpointFolder {
  private let options: CheckpointOptions
  /// By step, with the score that decides which one is the best (lower is better).
  private var saved: [(step: Int, score: Double?)] = []

  /// Opens or makes the folder and removes what an interrupted save or removal left.
  ///
  /// - Throws: `FileError` when the latest checkpoint is damaged.
  init(_ options: CheckpointOptions) throws {
    self.options = options
    try FileSystem.makeFolders(options.directory)
    for name in try FileSystem.list(options.directory) {
      let path = FileSystem.join(options.directory, name)
      if name.hasPrefix(Self.unfinished) {
        try FileSystem.remove(path)
      } else if let step = Self.step(of: name), FileSystem.isDirectory(path) {
        // A damaged one that is not the latest is in nobody's way: it has no score.
        saved.append((step, try? Checkpoint.header(path).score))
      }
    }
    saved.sort { $0.step < $1.step }
    try requireLatest()
  }

  /// Throws when the latest checkpoint is damaged, naming the one before it that is whole.
  private func requireLatest() throws {
    guard let latest else { return }
    do { try Checkpoint.check(latest) } catch let error as FileError {
      let whole = saved.dropLast().map { path(of: $0.step) }.last { (try? Checkpoint.check($0)) != nil }
      let advice =
        whole.map { "\($0) before it is whole: remove \(latest) to continue from there" }
        ?? "no earlier one is whole"
      throw FileError(
        path: error.path, line: error.line, field: error.field, reason: "\(error.reason); \(advice)")
    }
  }

  /// The path of the checkpoint with the highest step.
  var latest: String? { saved.last.map { path(of: $0.step) } }

  /// Throws unless the disk has room for the checkpoints to come: those kept and the one being written.
  func requireSpace(bytesEach: UInt64, count: Int, keepsBest: Bool) throws {
    let most = options.mostFolders(of: count, keepsBest: keepsBest)
    let wanted = UInt64(max(1, most - saved.count))
    let free = try FileSystem.availableBytes(at: options.directory)
    guard wanted * bytesEach > free else { return }
    func megabytes(_ bytes: UInt64) -> String { "\(Decimals.grouped(Double(bytes) / 1e6)) MB" }
    throw TrainingError(
      argument: "checkpoint",
      reason: "\(wanted) of \(megabytes(bytesEach)) will be written, the disk of \(options.directory) has "
        + "\(megabytes(free)) left")
  }

  /// Writes a checkpoint beside the others, then removes those that need not be kept.
  func save(_ checkpoint: Checkpoint, settings: RunSettings, of optimizer: Optimizer) throws {
    guard saved.last?.step != checkpoint.step else { return }
    let temporary = FileSystem.join(options.directory, Self.unfinished + Self.name(of: checkpoint.step))
    do {
      if FileSystem.exists(temporary) { try FileSystem.remove(temporary) }
      try FileSystem.makeFolders(temporary)
      try checkpoint.write(to: temporary, settings: settings, of: optimizer)
      try FileSystem.synchronize(temporary)
      try FileSystem.move(temporary, to: path(of: checkpoint.step))
      try FileSystem.synchronize(options.directory)
    } catch {
      // The first error is the one to tell; a rest is removed when the folder is opened again.
      try? FileSystem.remove(temporary)
      guard let error = error as? FileError else { throw error }
      throw FileError(path: error.path.replacing(Self.unfinished, with: ""), reason: failure(error))
    }
    saved.append((checkpoint.step, checkpoint.score))
    try removeSuperfluous()
  }

  private func failure(_ error: FileError) -> String {
    let kept = latest.map { "\($0) stays good" } ?? "there is no earlier one"
    return "\(error.reason); the checkpoint was not written, \(kept)"
  }

  private func removeSuperfluous() throws {
    let best = saved.filter { $0.score != nil }.min { ($0.score ?? 0) < ($1.score ?? 0) }?.step
    for (step, _) in saved.dropLast(options.keep) where step != best {
      // Under another name first, so that half a folder never passes for a checkpoint.
      let doomed = FileSystem.join(options.directory, Self.unfinished + "removed-" + Self.name(of: step))
      try FileSystem.move(path(of: step), to: doomed)
      try FileSystem.remove(doomed)
      saved.removeAll { $0.step == step }
    }
  }

  private func path(of step: Int) -> String { FileSystem.join(options.directory, Self.name(of: step)) }

  private static let unfinished = ".unfinished-"

  private static func name(of step: Int) -> String {
    let digits = "\(step)"
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  private static func step(of name: String) -> Int? {
    name.hasPrefix("step-") ? Int(name.dropFirst("step-".count)) : nil
  }
}
