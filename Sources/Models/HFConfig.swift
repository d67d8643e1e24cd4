public import Files
public import OrderedCollections

/// A `config.json` as it was read: typed access to its fields, and what is unknown to us kept for writing
/// back.
public struct HFConfig: Equatable, Sendable {
  /// The file, for messages; the name of the caller's table where the fields came from elsewhere.
  public let path: String
  public var fields: OrderedDictionary<String, JSON>

  public init(path: String, fields: OrderedDictionary<String, JSON> = [:]) {
    self.path = path
    self.fields = fields
  }

  /// Reads a JSON object from a file.
  ///
  /// Throws `FileError` with path, line and reason.
  public init(reading path: String) throws {
    let document = try JSON.read(path)
    guard let fields = document.objectValue else {
      throw FileError(path: path, reason: "an object expected, got \(document.typeName)")
    }
    self.init(path: path, fields: fields)
  }

  func fault(_ field: String, _ reason: String) -> FileError {
    FileError(path: path, field: field, reason: reason)
  }

  private func mismatch(_ field: String, _ expected: String, _ value: JSON) -> FileError {
    fault(field, "\(expected) expected, got \(value.typeName)")
  }

  /// The value of the first of these names that is there and not null.
  func value(_ names: String...) -> JSON? {
    for name in names {
      if let value = fields[name], value != .null { return value }
    }
    return nil
  }

  func integer(_ name: String) throws -> Int? {
    guard let value = value(name) else { return nil }
    if let integer = value.intValue { return integer }
    if let number = value.doubleValue, number == number.rounded(), abs(number) < 1e15 { return Int(number) }
    throw mismatch(name, "whole number", value)
  }

  func positive(_ name: String) throws -> Int? {
    guard let integer = try integer(name) else { return nil }
    guard integer > 0 else { throw fault(name, "a positive number expected, got \(integer)") }
    return integer
  }

  func required(_ name: String) throws -> Int {
    guard let integer = try positive(name) else { throw fault(name, "missing") }
    return integer
  }

  func number(_ name: String) throws -> Double? {
    guard let value = value(name) else { return nil }
    guard let number = value.doubleValue else { throw mismatch(name, "number", value) }
    return number
  }

  func boolean(_ name: String) throws -> Bool? {
    guard let value = value(name) else { return nil }
    guard let boolean = value.boolValue else { throw mismatch(name, "boolean", value) }
    return boolean
  }

  func string(_ name: String) throws -> String? {
    guard let value = value(name) else { return nil }
    guard let string = value.stringValue else { throw mismatch(name, "string", value) }
    return string
  }

  func object(_ name: String) throws -> HFConfig? {
    guard let value = value(name) else { return nil }
    guard let fields = value.objectValue else { throw mismatch(name, "object", value) }
    return HFConfig(path: path, fields: fields)
  }

  /// One id or a list of ids.
  func identifiers(_ name: String) throws -> [Int] {
    guard let value = value(name) else { return [] }
    if let one = value.intValue { return [one] }
    guard let list = value.arrayValue else { throw mismatch(name, "id or list of ids", value) }
    return try list.map { item in
      guard let id = item.intValue else { throw mismatch(name, "list of ids", item) }
      return id
    }
  }

  /// Refuses a field that is there with a value other than those that mean what we do anyway.
  func require(_ name: String, in accepted: JSON...) throws {
    guard let value = value(name) else { return }
    if accepted.contains(value) { return }
    if let number = value.doubleValue, accepted.contains(where: { $0.doubleValue == number }) { return }
    throw fault(name, "\(value.text()) is not supported")
  }
}
