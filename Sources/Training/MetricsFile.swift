import Files

/// The append-only record of a run: one JSON object a line, which a kill can at most cut in its last line.
final class MetricsFile {
  let path: String
  private let file: AppendFile

  /// Opens the file for a run whose last finished step is `step`; returns the lines up to it.
  ///
  /// Lines after that step are cut, so that the file becomes that of a run that was never interrupted. For step 0
  /// an earlier run's file is set aside under the first free name `PATH.1`, `PATH.2`, ...
  init(path: String, continuingAfter step: Int) throws {
    self.path = path
    if FileSystem.exists(path) {
      if step == 0 {
        try Self.setAside(path)
      } else {
        try Self.cut(path, after: step)
      }
    }
    file = try AppendFile(path)
  }

  /// - Parameter synchronize: wait for the disk, so that no checkpoint outlives its lines in a power cut.
  func append(_ record: JSON, synchronize: Bool) throws {
    try file.append(record.text(), synchronize: synchronize)
  }

  /// The records of the steps up to `step`, oldest first; a damaged line ends them.
  static func records(at path: String, through step: Int) throws -> [JSON] {
    guard FileSystem.exists(path), try FileSystem.size(path) > 0 else { return [] }
    var reader = try LineReader(path)
    var records: [JSON] = []
    while let line = try reader.next() {
      guard let record = try? JSON.parse(line.bytes), let number = record["step"]?.intValue, number <= step
      else { break }
      records.append(record)
    }
    return records
  }

  private static func setAside(_ path: String) throws {
    guard try FileSystem.size(path) > 0 else { return }
    var number = 1
    while FileSystem.exists("\(path).\(number)") { number += 1 }
    try FileSystem.move(path, to: "\(path).\(number)")
  }

  private static func cut(_ path: String, after step: Int) throws {
    let records = try records(at: path, through: step)
    try AtomicFile.write(to: path) { file in
      for record in records { try file.write(record.text() + "\n") }
    }
  }
}
