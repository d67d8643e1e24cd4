import Corpus
import Files
import TestSupport
import Testing
import Tokenizers

/// A file that cannot be used, how it is read, and the whole message without the folder.
struct BrokenFile: Sendable, CustomTestStringConvertible {
  enum Reading: Sendable { case lines, whole, field(String), lessons }

  let name: String
  let reading: Reading
  let bytes: [UInt8]
  let message: String

  init(_ name: String, _ reading: Reading, _ text: String, _ message: String) {
    self.init(name, reading, Array(text.utf8), message)
  }

  init(_ name: String, _ reading: Reading, _ bytes: [UInt8], _ message: String) {
    self.name = name
    self.reading = reading
    self.bytes = bytes
    self.message = message
  }

  var testDescription: String { message }
}

@Suite struct BrokenFilesTests {
  static let row = #"{"instruction": "a", "input": "", "output": "b"}"#
  static let lesson = "an object with the strings 'instruction', 'input' and 'output' expected"
  static let utf16 = "is UTF-16 text, UTF-8 is needed (iconv -f UTF-16 -t UTF-8 converts it)"

  static let files: [BrokenFile] = [
    .init("a.txt", .lines, "", "a.txt: holds no text"),
    .init("a.txt", .lines, "\n \r\n\t\n", "a.txt: holds no text (3 empty rows)"),
    .init("a.txt", .whole, " \n", "a.txt: holds no text (1 empty row)"),
    .init(
      "a.txt", .lines, Array("ok\nab".utf8) + [0xE9, 0x0A],
      "a.txt:2: not UTF-8: byte 0xE9 at byte 3 of the line"),
    .init(
      "a.txt", .whole, Array("ok\nab".utf8) + [0xFF], "a.txt:2: not UTF-8: byte 0xFF at byte 3 of the line"),
    .init("a.txt", .lines, [0xFF, 0xFE, 0x60, 0x4F], "a.txt: \(utf16)"),
    .init("a.txt", .lines, [0x61, 0, 0x62, 0, 0x0A, 0], "a.txt: \(utf16)"),
    .init("a.txt", .lines, [0x1F, 0x8B, 8, 0], "a.txt: is compressed with gzip, unpack it first"),
    .init("a.jsonl", .field("text"), "", "a.jsonl: holds no text"),
    .init("a.json", .field("text"), "[]", "a.json: holds no text"),
    .init("a.jsonl", .field("text"), "{\"text\": \"\"}\n", "a.jsonl: holds no text (1 empty row)"),
    .init(
      "a.jsonl", .field("text"), String(repeating: "{\"text\": \"x\"}\n", count: 6) + "{\"text\": \"tru",
      "a.jsonl:7: an object with a string in field 'text' expected; column 14: the text ends inside a string"),
    .init(
      "a.jsonl", .field("text"), "\u{FEFF}{\"text\": 5}\r\n",
      "a.jsonl:1: field 'text': string expected, got number 5"),
    .init(
      "a.jsonl", .field("text"), "{\"text\": null}", "a.jsonl:1: field 'text': string expected, got null"),
    .init(
      "a.jsonl", .field("text"), "{\"text\": [\"x\"]}", "a.jsonl:1: field 'text': string expected, got array"),
    .init(
      "a.jsonl", .field("text"), "{\"title\": \"x\", \"id\": 1}",
      "a.jsonl:1: field 'text': string expected, but the field is missing; found 'title', 'id'"),
    .init(
      "a.jsonl", .field("a.b"), "{\"a\": {\"c\": \"x\"}}",
      "a.jsonl:1: field 'a.b': string expected, but the field is missing; found 'c'"),
    .init(
      "a.jsonl", .field("a.b"), "{\"a\": 1}",
      "a.jsonl:1: field 'a': object with key 'b' expected, got number 1"),
    .init(
      "a.jsonl", .field("text"), "{}\n5",
      "a.jsonl:1: field 'text': string expected, but the field is missing; found an object without fields"),
    .init("a.jsonl", .field("text"), "5\n", "a.jsonl:1: an object expected, got number 5"),
    .init(
      "a.jsonl", .field("text"), "{\"text\": \"a\", \"text\": \"b\"}",
      "a.jsonl:1: an object with a string in field 'text' expected; column 15: the key 'text' is given twice"),
    .init(
      "a.json", .lessons, "[\n\(row),\n\(row)\n\(row)\n]",
      "a.json:4: \(lesson); column 1: ',' or ']' expected, got '{'"),
    .init(
      "a.json", .lessons, "[\n\(row),\n{\"instruction\": \"a\",\n \"output\": \"b",
      "a.json:4, row 2: \(lesson); column 14: the text ends inside a string"),
    .init(
      "a.json", .lessons, "[\n\(row),\n{\"instruction\": \"a\", \"input\": \"\"}]",
      "a.json:3, row 2: field 'output': string expected, but the field is missing; found 'instruction', 'input'"
    ),
    .init(
      "a.json", .lessons, "[{\"instruction\": 3, \"output\": \"b\"}]",
      "a.json:1, row 1: field 'instruction': string expected, got number 3"),
    .init(
      "a.json", .lessons, "[{\"instruction\": \"a\", \"input\": 7, \"output\": \"b\"}]",
      "a.json:1, row 1: field 'input': string expected, got number 7"),
    .init(
      "a.jsonl", .lessons, "\u{FEFF}\(row)\r\n{\"instruction\": \"a\", \"output\": null}\r\n",
      "a.jsonl:2: field 'output': string expected, got null"),
    .init("a.json", .lessons, "[\(row),\n[\"a\", \"b\"]]", "a.json:2, row 2: an object expected, got array"),
    .init(
      "a.json", .lessons, "{\"data\":\n [\(row)]}",
      "a.json:1: \(lesson); column 9: a value is missing: the text ends here"),
    .init(
      "a.json", .lessons, "[{\"instruction\": \"a\", \"output\": \"b\", \"output\": \"c\"}]",
      "a.json:1, row 1: \(lesson); column 38: the key 'output' is given twice"),
    .init("a.txt", .lines, [0xEF, 0xBB, 0xBF], "a.txt: holds no text (1 empty row)"),
    .init(
      "a.jsonl", .field("text"), "{\"text\": \"a\tb\"}",
      "a.jsonl:1: an object with a string in field 'text' expected; column 12: "
        + "a control character (9) must be escaped in a string"),
    .init(
      "a.jsonl", .field("text"), String(repeating: "[", count: 5000),
      "a.jsonl:1, row 1: an object with a string in field 'text' expected; column 514: nested deeper than 512 levels"
    ),
    .init(
      "a.json", .lessons, "[\(row)] x",
      "a.json:1: \(lesson); column 52: the text goes on after its value with 'x'"),
    .init(
      "a.json", .lessons, "[\(row)",
      "a.json:1: \(lesson); column 50: the text ends inside an array: ',' or ']' expected"),
    .init(
      "a.jsonl", .lessons, "instruction,input,output\n",
      "a.jsonl:1: \(lesson); column 1: a value expected, got 'i'"),
    .init(
      "a.jsonl", .lessons, "\(row)\n{'instruction': 'a'}",
      "a.jsonl:2: \(lesson); column 2: a key in double quotes expected, got '''"),
  ]

  @Test(arguments: files) func theMessageIsWhole(_ file: BrokenFile) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(file.name, file.bytes)
    let stream: any DocumentStream =
      switch file.reading {
      case .lines: try TextStream([path])
      case .whole: try TextStream([path], whole: true)
      case .field(let field): try JSONLinesStream([path], field: field)
      case .lessons: try InstructionStream([path], template: ChatTemplate.named("alpaca"))
      }
    let expected = "\(folder.path)/\(file.message)"
    #expect(message { _ = try stream.allTexts() } == expected)
  }

  @Test func filesThatAreNotThereAreNamed() throws {
    let folder = try TemporaryFolder()
    #expect(
      message { _ = try TextStream([folder.file("x.txt")]) }
        == "\(folder.file("x.txt")): no such file or folder")
    #expect(
      message { _ = try JSONLinesStream([folder.file("*.jsonl")], field: "text") }
        == "\(folder.file("*.jsonl")): no file matches this pattern")
    #expect(
      message { _ = try TextStream([folder.path]) }
        == "\(folder.path): is a folder, a file or a pattern such as \(folder.path)/*.txt is needed")
    #expect(
      message { _ = try InstructionFormat.named("belle") } == "format: one of 'alpaca' expected, got 'belle'")
  }

  @Test func allFormsOfTheSameRowsReadAlike() throws {
    let folder = try TemporaryFolder()
    let array = try folder.write("a.json", "\u{FEFF} [ {\"t\": {\"x\": \"一\"}},\n{\"t\": {\"x\": \"二\"}} ]\n")
    let lines = try folder.write("a.jsonl", "\u{FEFF}{\"t\": {\"x\": \"一\"}}\r\n\r\n{\"t\": {\"x\": \"二\"}}")
    let text = try folder.write("a.txt", "\u{FEFF}一\r\n\n二\r\n")
    #expect(try JSONLinesStream([array], field: "t.x").allTexts() == ["一", "二"])
    #expect(try JSONLinesStream([lines], field: "t.x").allTexts() == ["一", "二"])
    #expect(try TextStream([text]).allTexts() == ["一", "二"])
    #expect(try TextStream([text], whole: true).allTexts() == ["一\n\n二\n"])
    let cursor = try JSONLinesStream([array, lines], field: "t.x").open()
    var places: [String] = []
    while let document = try cursor.next() { places.append(document.location) }
    #expect(places == ["\(array), row 1", "\(array), row 2", "\(lines):1", "\(lines):3"])
    #expect(cursor.emptyRows == 1)
  }
}
