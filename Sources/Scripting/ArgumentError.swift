/// The words of every message about arguments.
///
/// Throw sites carry facts; only this file knows how to say them.
enum ArgumentError {
  static func bad(_ number: Int, _ name: String, of function: String, _ reason: String) -> String {
    "bad argument #\(number) '\(name)' to '\(function)' (\(reason))"
  }

  static func badSelf(of function: String, _ reason: String, usedDot: Bool) -> String {
    let hint = usedDot ? "; methods are called with a colon, 'x:f()'" : ""
    return "bad self in '\(function)' (\(reason)\(hint))"
  }

  static func tooMany(_ function: String, most: Int, got: Int) -> String {
    "too many arguments to '\(function)' (at most \(most), got \(got))"
  }

  static func expected(_ expected: String, got: String) -> String { "\(expected) expected, got \(got)" }

  static func outOfRange(_ value: Int, _ least: String, _ most: String) -> String {
    "integer from \(least) to \(most) expected, got \(value)"
  }

  static func notUTF8(byte: Int) -> String { "text in UTF-8 expected, byte \(byte) is not" }

  static func unknownChoice(_ text: String, of choices: [String], expected: String) -> String {
    self.expected(expected, got: "'\(text)'") + suggestion(for: text, among: choices)
  }

  static func alternatives(_ type: String) -> String { type.replacingBars() }

  static func element(_ n: Int, _ reason: String) -> String { "element \(n): \(reason)" }
  static func field(_ key: String, _ reason: String) -> String { "field '\(key)': \(reason)" }
  static func option(_ name: String, _ reason: String) -> String { "option '\(name)': \(reason)" }
  static func missingOption(_ name: String) -> String { "option '\(name)' is required" }
  static func keyExpected(got: String) -> String { "string keys expected, got a key that is a \(got)" }

  static func missingElement(_ n: Int, _ name: String) -> String { "element \(n) ('\(name)') is required" }

  static func emptyList(_ name: String) -> String { "at least one of '\(name)' is required" }

  static func unknownOption(_ name: String, among names: [String]) -> String {
    "unknown option '\(name)'" + suggestion(for: name, among: names)
  }

  static func unexpectedElement(_ n: String) -> String { "unexpected element [\(n)]" }

  static func noMember(_ name: String, of owner: String, among names: [String]) -> String {
    "\(owner) has no member '\(name)'" + suggestion(for: name, among: names)
  }

  static func readOnly(_ name: String, of owner: String) -> String { "'\(name)' of \(owner) is read-only" }

  static func freed(_ type: String) -> String { "a \(type) that has been freed" }

  static func badResult(of function: String, place: String?, expected: String, got: String) -> String {
    "\(function)\(place.map { " (\($0))" } ?? "") must return \(expected), got \(got)"
  }

  /// `number` as `a number`; alternatives, words in quotes and class names stay as they are.
  static func article(_ type: String) -> String {
    guard let first = type.first, first.isLowercase, !type.contains("|") else { return type }
    return "aeiou".contains(first) ? "an \(type)" : "a \(type)"
  }

  static func suggestion(for name: String, among names: [String]) -> String {
    nearest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
  }

  static func withPosition(_ place: String?, _ message: String) -> String {
    place.map { "\($0): \(message)" } ?? message
  }
}

extension String {
  /// `number|function` as `number or function`; words in quotes keep their bars.
  fileprivate func replacingBars() -> String {
    guard !contains("'"), !contains("(") else { return self }
    var parts = split(separator: "|").map(String.init)
    guard parts.count > 1, let last = parts.popLast() else { return self }
    return parts.joined(separator: ", ") + " or " + last
  }
}

/// The name that was probably meant: at most a third of its letters, and at most three, have to change.
public func nearest(to name: String, among names: [String]) -> String? {
  let limit = min(3, max(1, name.count / 3))
  var best: (distance: Int, name: String)?
  for candidate in names.sorted() {
    let distance = editDistance(Array(name.lowercased()), Array(candidate.lowercased()))
    let extended =
      name.count >= 3 && (candidate.hasPrefix(name) || name.hasPrefix(candidate) && candidate.count >= 3)
    let cost = extended ? min(distance, limit) : distance
    if cost <= limit, cost < (best?.distance ?? .max) { best = (cost, candidate) }
  }
  return best?.name
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words (Damerau 1964).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var before: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
      row.append(cost)
    }
    (before, last) = (last, row)
  }
  return last[b.count]
}

/// An error that knows which argument is at fault, thrown below the Lua boundary.
///
/// The binder finds `argument` among the parameters, and among the fields of the options, of the function that was called.
public protocol ArgumentFault: Error {
  /// The parameter's or option's name, as declared.
  var argument: String { get }
  /// What is wrong: `shape [768] expected, got [512]`.
  var reason: String { get }
}

/// An argument that will not do, for checks in a binding's own body.
public struct BadArgument: ArgumentFault, Equatable, CustomStringConvertible {
  public let argument, reason: String
  public init(_ argument: String, _ reason: String) {
    self.argument = argument
    self.reason = reason
  }
  public var description: String { "\(argument): \(reason)" }
}

/// An argument that could not be read; `number` counts as Lua's user counts, 0 for self.
struct ArgumentFailure: Error {
  let number: Int
  let name, reason: String
  var usedDot = false
}

struct TooManyArguments: Error {
  let most, got: Int
}
