public import Files
import OrderedCollections

/// Texts from one field of JSON rows: one object a line, or the elements of an array.
public final class JSONLinesStream: FileStream {
  public let name: String
  public let field: String
  let files: [String]
  let order: ShuffledOrder?
  let format = RecordFormat.json
  var expected: String { "an object with a string in field '\(field)'" }

  /// Finds the files; rows with an empty text are skipped and counted.
  /// - Parameter field: the key of the text; "a.b" is key "b" of the object at key "a".
  /// - Throws: `FileError` naming a pattern without match, a missing file or a folder.
  public convenience init(_ patterns: [String], field: String, name: String? = nil) throws {
    guard !field.isEmpty else {
      throw CorpusError(argument: "field", reason: "a key expected, got an empty string")
    }
    self.init(files: try Glob.expand(patterns), field: field, name: name, order: nil)
  }

  private init(files: [String], field: String, name: String?, order: ShuffledOrder?) {
    self.files = files
    self.field = field
    self.name = name ?? Self.name(of: files)
    self.order = order
  }

  public func shuffled(seed: UInt64) throws -> any DocumentStream {
    let order = ShuffledOrder(files: files, format: format, expected: expected, seed: seed)
    return JSONLinesStream(files: files, field: field, name: name, order: order)
  }

  public var identity: JSON {
    get throws {
      .object([
        "kind": "json", "files": try DataIdentity.files(files), "field": .string(field),
        "shuffle": order.map { .string(String($0.seed)) } ?? .null,
      ])
    }
  }

  func document(of record: Record) throws -> Document? {
    guard case .json(let row) = record.payload else { return nil }
    let text = try RowFields(row, of: record).string(field)
    if text.utf8.allSatisfy(RecordFile.isSpace) { return nil }
    return Document(.text(text), of: record, source: name)
  }
}

/// Takes fields out of a row, or says what is wrong with them.
struct RowFields {
  private let row: JSON
  private let record: Record

  init(_ row: JSON, of record: Record) throws {
    guard row.objectValue != nil else {
      throw record.error("an object expected, got \(RowFields.described(row))")
    }
    self.row = row
    self.record = record
  }

  /// The string at `path`.
  func string(_ path: String) throws -> String {
    guard let value = try value(path) else { throw missing(path, in: row) }
    guard let text = value.stringValue else {
      throw record.error(field: path, "string expected, got \(RowFields.described(value))")
    }
    return text
  }

  /// The string at `path`; an empty one when it is missing or null.
  func optionalString(_ path: String) throws -> String {
    guard let value = try value(path), !value.isNull else { return "" }
    return try string(path)
  }

  /// A key with dots in it that is there is taken as it is.
  private func value(_ path: String) throws -> JSON? {
    if let value = row[path] { return value }
    var value = row
    var walked: [Substring] = []
    for key in path.split(separator: ".") {
      guard let fields = value.objectValue else {
        throw record.error(
          field: walked.joined(separator: "."),
          "object with key '\(key)' expected, got \(RowFields.described(value))")
      }
      guard let next = fields[String(key)] else {
        if walked.isEmpty { return nil }
        throw missing(path, in: value)
      }
      value = next
      walked.append(key)
    }
    return value
  }

  private func missing(_ path: String, in object: JSON) -> FileError {
    let keys = object.objectValue?.keys.map { "'\($0)'" } ?? []
    let found =
      keys.isEmpty
      ? "an object without fields" : keys.prefix(8).joined(separator: ", ") + (keys.count > 8 ? ", ..." : "")
    return record.error(field: path, "string expected, but the field is missing; found \(found)")
  }

  static func described(_ value: JSON) -> String {
    switch value {
    case .null: "null"
    case .integer, .number, .bool: "\(value.typeName) \(value.text())"
    default: value.typeName
    }
  }
}
