public import Foundation
public import Tensors

/// One case of a fixture file: values from an independent implementation.
///
/// A file is `{"command": …, "cases": [{"name": …, "x": {"shape": […], "values": […]}, "eps": 1e-6, "ids":
/// […]}]}`, made by the script in scripts/fixtures that `command` runs.
public struct Fixture: CustomStringConvertible, Sendable {
  public enum Value: Decodable, Sendable {
    case number(Double), text(String), list([Double]), texts([String]), array(shape: [Int], values: [Float])

    private enum Keys: CodingKey { case shape, values }

    public init(from decoder: any Decoder) throws {
      if let keyed = try? decoder.container(keyedBy: Keys.self) {
        self = .array(
          shape: try keyed.decode([Int].self, forKey: .shape),
          values: try keyed.decode([Float].self, forKey: .values))
        return
      }
      let single = try decoder.singleValueContainer()
      if let number = try? single.decode(Double.self) {
        self = .number(number)
      } else if let text = try? single.decode(String.self) {
        self = .text(text)
      } else if let list = try? single.decode([Double].self) {
        self = .list(list)
      } else {
        self = .texts(try single.decode([String].self))
      }
    }
  }

  private struct File: Decodable {
    let command: String
    let cases: [[String: Value]]
  }

  public struct Failure: Error, CustomStringConvertible { public let description: String }

  public let file: String
  public let values: [String: Value]

  /// The cases of `Fixtures/NAME.json` in a test target's bundle.
  public static func load(_ name: String, in bundle: Bundle) throws -> [Fixture] {
    guard let url = bundle.url(forResource: name, withExtension: "json", subdirectory: "Fixtures") else {
      throw Failure(description: "no fixture \(name).json")
    }
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    return file.cases.map { Fixture(file: name, values: $0) }
  }

  public var name: String { (try? text("name")) ?? file }
  public var description: String { name }

  /// An array, as a tensor.
  public func tensor(_ key: String) throws -> Tensor {
    guard case .array(let shape, let values)? = values[key] else { throw missing(key, "array") }
    return try Tensor(values, shape: shape)
  }

  public func number(_ key: String) throws -> Double {
    guard case .number(let number)? = values[key] else { throw missing(key, "number") }
    return number
  }

  public func text(_ key: String) throws -> String {
    guard case .text(let text)? = values[key] else { throw missing(key, "text") }
    return text
  }

  /// A plain list of numbers.
  public func list(_ key: String) throws -> [Double] {
    guard case .list(let list)? = values[key] else { throw missing(key, "list") }
    return list
  }

  public func ids(_ key: String) throws -> [Int32] { try list(key).map { Int32($0) } }
  public func integers(_ key: String) throws -> [Int] { try list(key).map { Int($0) } }
  public func texts(_ key: String) throws -> [String] {
    guard case .texts(let texts)? = values[key] else { throw missing(key, "list of texts") }
    return texts
  }

  public func has(_ key: String) -> Bool { values[key] != nil }

  private func missing(_ key: String, _ kind: String) -> Failure {
    Failure(description: "fixture \(file) case \(name): \(kind) '\(key)' is missing")
  }
}
