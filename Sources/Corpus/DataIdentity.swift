public import Files
import OrderedCollections
import Synchronization

/// What data are made of, as JSON, so that a checkpoint can refuse other data and name the difference.
public enum DataIdentity {
  private struct Version: Hashable {
    let path: String
    let size: UInt64
    let time: Int64
  }

  private static let digests = Mutex<[Version: String]>([:])

  /// SHA-256 of the identity's text.
  public static func fingerprint(_ identity: JSON) -> String {
    SHA256.hex(of: identity.text(sortedKeys: true))
  }

  /// The files' names and contents; a folder that moved is no difference.
  public static func files(_ paths: [String]) throws -> JSON {
    .array(
      try paths.map { path in
        .object(["file": .string(FileSystem.fileName(path)), "sha256": .string(try digest(ofFile: path))])
      })
  }

  /// SHA-256 of a file, computed once for each size and time of change.
  public static func digest(ofFile path: String) throws -> String {
    let version = Version(
      path: FileSystem.absolute(path), size: try FileSystem.size(path),
      time: try FileSystem.modificationTime(path))
    if let known = digests.withLock({ $0[version] }) { return known }
    let digest = try SHA256.hex(ofFile: path)
    digests.withLock { $0[version] = digest }
    return digest
  }

  /// The first difference in words; nil when there is none.
  public static func difference(from old: JSON, to new: JSON) -> String? {
    difference(old, new, at: "")
  }

  private static func difference(_ old: JSON, _ new: JSON, at place: String) -> String? {
    if old == new { return nil }
    switch (old, new) {
    case (.object(let before), .object(let after)):
      if let file = after["file"]?.stringValue, before["file"] == after["file"],
        before["sha256"] != after["sha256"]
      {
        return "the contents of \(file) have changed"
      }
      let keys = before.keys + after.keys.filter { before[$0] == nil }
      for key in keys {
        if let found = difference(before[key] ?? .null, after[key] ?? .null, at: join(place, key)) {
          return found
        }
      }
      return nil
    case (.array(let before), .array(let after)):
      for (i, pair) in zip(before, after).enumerated() {
        if let found = difference(pair.0, pair.1, at: join(place, String(i + 1))) { return found }
      }
      return "\(place): \(after.count) entries, \(before.count) before"
    default:
      return "\(place.isEmpty ? "data" : place): \(brief(new)), \(brief(old)) before"
    }
  }

  private static func join(_ place: String, _ key: String) -> String {
    place.isEmpty ? key : place + "." + key
  }

  private static func brief(_ value: JSON) -> String {
    switch value {
    case .null: return "none"
    case .array, .object: return "another \(value.typeName)"
    default:
      let text = value.text()
      return text.count > 60 ? String(text.prefix(57)) + "..." : text
    }
  }
}
