import Files
import Glibc
import Scripting
import TestSupport
import Testing

@testable import Library

/// What `help` prints, in whole; `RECORD=1 scripts/test` writes the texts anew.
@Suite struct HelpTests {
  static let folder = FileSystem.folder(of: #filePath) + "/Fixtures/help"

  static let questions = [
    "pack": "help(yy.data.pack)", "mix": "help 'yy.data.mix'", "run": "help(yy.train.run)",
    "generate": "help 'Model:generate'", "merge": "help(yy.tokenizer.train)", "data": "help(yy.data)",
    "tensor": "help(yy.tensor { 1 })", "plot": "help(yy.plot.line)",
  ]

  @Test(arguments: questions.keys.sorted()) func helpPrints(_ name: String) throws {
    let session = try Library.makeSession()
    let output = CollectedText()
    try session.capture(into: output)
    _ = try session.evaluate(Self.questions[name] ?? "", name: "help")
    let path = "\(Self.folder)/\(name).txt"
    if getenv("RECORD") != nil {
      try FileSystem.makeFolders(Self.folder)
      try AtomicFile.write(output.text, to: path)
    }
    #expect(output.text == String(decoding: try FileSystem.read(path), as: UTF8.self))
  }
}

/// Keeps what running code prints.
final class CollectedText: OutputSink {
  private var bytes: [UInt8] = []
  var text: String { String(decoding: bytes, as: UTF8.self) }
  func write(_ bytes: [UInt8], to stream: OutputStream) { self.bytes += bytes }
  func display(_ display: DisplayData) {}
}
