import Files
import Foundation
import TestSupport
import Testing
import Tokenizers

/// The small models and reference values that scripts/fixtures/tokenizers.py made.
enum TokenizerFixtures {
  static let cases = Result { try Fixture.load("tokenizers", in: .module) }

  static func named(_ name: String) throws -> [Fixture] { try cases.get().filter { $0.name == name } }

  static func modelPath(_ name: String) throws -> String {
    let url = Bundle.module.url(forResource: name, withExtension: "model", subdirectory: "Fixtures")
    return try #require(url, "no fixture \(name).model").path
  }

  static func tokenizer(_ name: String) throws -> SentencePieceTokenizer {
    try SentencePieceTokenizer(path: modelPath(name))
  }
}

/// A folder that is gone after the test.
struct Scratch {
  let path: String

  static func use<R>(_ body: (Scratch) throws -> R) throws -> R {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileSystem.makeFolders(path)
    defer { try? FileSystem.remove(path) }
    return try body(Scratch(path: path))
  }

  func file(_ name: String) -> String { FileSystem.join(path, name) }

  @discardableResult
  func write(_ text: String, _ name: String) throws -> String { try write(Array(text.utf8), name) }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try AtomicFile.write(bytes, to: file(name))
    return file(name)
  }
}

/// The message of what `body` throws.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch {
    return "\(error)"
  }
}

/// A generator of the same numbers every time.
struct FixedGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
