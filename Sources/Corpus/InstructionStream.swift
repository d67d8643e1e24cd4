public import Files
import OrderedCollections
public import Tokenizers

/// How rows hold instructions.
public enum InstructionFormat: String, Sendable, CaseIterable {
  /// Stanford Alpaca: the strings `instruction`, `input` (may be missing or null) and `output`.
  case alpaca

  /// The format of that name.
  /// - Throws: `CorpusError` listing the names.
  public static func named(_ name: String) throws -> InstructionFormat {
    if let format = InstructionFormat(rawValue: name) { return format }
    let names = allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    throw CorpusError(argument: "format", reason: "one of \(names) expected, got '\(name)'")
  }
}

/// Lessons from JSON arrays or JSON lines, rendered by a template that knows which part is the answer.
public final class InstructionStream: FileStream {
  public let name: String
  public let template: ChatTemplate
  public let instructionFormat: InstructionFormat
  let files: [String]
  let order: ShuffledOrder?
  let format = RecordFormat.json
  let expected = "an object with the strings 'instruction', 'input' and 'output'"

  public convenience init(
    _ patterns: [String], format: InstructionFormat = .alpaca, template: ChatTemplate, name: String? = nil
  ) throws {
    self.init(files: try Glob.expand(patterns), format: format, template: template, name: name, order: nil)
  }

  private init(
    files: [String], format: InstructionFormat, template: ChatTemplate, name: String?, order: ShuffledOrder?
  ) {
    self.files = files
    self.template = template
    self.name = name ?? Self.name(of: files)
    self.order = order
    instructionFormat = format
  }

  public func shuffled(seed: UInt64) throws -> any DocumentStream {
    let order = ShuffledOrder(files: files, format: format, expected: expected, seed: seed)
    return InstructionStream(
      files: files, format: instructionFormat, template: template, name: name, order: order)
  }

  public var identity: JSON {
    get throws {
      .object([
        "kind": "instructions", "files": try DataIdentity.files(files),
        "format": .string(instructionFormat.rawValue), "template": .string(template.fingerprint),
        "shuffle": order.map { .string(String($0.seed)) } ?? .null,
      ])
    }
  }

  func document(of record: Record) throws -> Document? {
    guard case .json(let row) = record.payload else { return nil }
    let fields = try RowFields(row, of: record)
    let lesson = InstructionRow(
      instruction: try fields.string("instruction"), input: try fields.optionalString("input"),
      output: try fields.string("output"))
    if lesson.instruction.isEmpty && lesson.input.isEmpty && lesson.output.isEmpty { return nil }
    return Document(.lesson(lesson, template: template), of: record, source: name)
  }
}
