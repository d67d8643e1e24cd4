public import OrderedCollections

/// A JSON value (RFC 8259) whose objects keep the order of their keys.
public enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(OrderedDictionary<String, JSON>)
}

extension JSON {
  /// How a message names the type of this value.
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  /// The value at `key`; nil when there is none or this is not an object.
  public subscript(_ key: String) -> JSON? {
    if case .object(let fields) = self { fields[key] } else { nil }
  }

  public var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// An integer, also one written with a fraction of zero such as `512.0`.
  public var intValue: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  public var arrayValue: [JSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  public var objectValue: OrderedDictionary<String, JSON>? {
    if case .object(let fields) = self { fields } else { nil }
  }

  public var isNull: Bool { self == .null }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(OrderedDictionary(elements) { _, last in last })
  }

  public init(_ value: Int) { self = .integer(Int64(value)) }
}
