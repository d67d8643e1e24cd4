public import Files
import OrderedCollections

/// Texts from files: one document a line, or one a file.
public final class TextStream: FileStream {
  public let name: String
  let files: [String]
  let whole: Bool
  let order: ShuffledOrder?
  var format: RecordFormat { whole ? .whole : .lines }
  let expected = "a text"

  /// Finds the files; lines without text are skipped and counted.
  /// - Throws: `FileError` naming a pattern without match, a missing file or a folder.
  public convenience init(_ patterns: [String], whole: Bool = false, name: String? = nil) throws {
    self.init(files: try Glob.expand(patterns), whole: whole, name: name, order: nil)
  }

  private init(files: [String], whole: Bool, name: String?, order: ShuffledOrder?) {
    self.files = files
    self.whole = whole
    self.name = name ?? Self.name(of: files)
    self.order = order
  }

  public func shuffled(seed: UInt64) throws -> any DocumentStream {
    let order = ShuffledOrder(files: files, format: format, expected: expected, seed: seed)
    return TextStream(files: files, whole: whole, name: name, order: order)
  }

  public var identity: JSON {
    get throws {
      .object([
        "kind": "text", "files": try DataIdentity.files(files), "whole": .bool(whole),
        "shuffle": order.map { .string(String($0.seed)) } ?? .null,
      ])
    }
  }

  func document(of record: Record) throws -> Document? {
    guard case .text(let text) = record.payload, !text.utf8.allSatisfy(RecordFile.isSpace) else { return nil }
    return Document(
      .text(text), location: whole ? record.path : record.location, source: name)
  }
}
