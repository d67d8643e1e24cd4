import Files
import OrderedCollections
import Processes

/// A stream whose documents are the records of files.
protocol FileStream: DocumentStream {
  var files: [String] { get }
  var format: RecordFormat { get }
  var order: ShuffledOrder? { get }
  /// What a row must be, for the message about one that is no JSON.
  var expected: String { get }
  /// The document of a record; nil when it holds nothing.
  func document(of record: Record) throws -> Document?
}

extension FileStream {
  public func open(epoch: Int) throws -> any DocumentCursor { FileCursor(self, epoch: epoch) }

  /// "a.txt", or "a.txt and 3 more".
  static func name(of files: [String]) -> String {
    let first = files.first.map(FileSystem.fileName) ?? "no file"
    return files.count > 1 ? "\(first) and \(files.count - 1) more" : first
  }
}

/// A place in the files of a stream, in file order or in the order of a shuffle.
private final class FileCursor: DocumentCursor {
  private let stream: any FileStream
  private var epoch: Int
  private var file = 0
  private var place = RecordPlace()
  private var position = 0
  private var documents = 0
  private(set) var emptyRows = 0
  private var open: (file: Int, records: RecordFile)?
  /// The order of this pass, drawn when the first record is read.
  private var permutation: [UInt32]?

  init(_ stream: any FileStream, epoch: Int) {
    self.stream = stream
    self.epoch = epoch
  }

  func next() throws -> Document? {
    while let record = try nextRecord() {
      try Interrupt.check()
      if let document = try stream.document(of: record) {
        documents += 1
        return document
      }
      emptyRows += 1
    }
    if documents == 0 { throw emptyStream }
    return nil
  }

  private var emptyStream: FileError {
    let rows = emptyRows == 0 ? "" : emptyRows == 1 ? " (1 empty row)" : " (\(emptyRows) empty rows)"
    let files = stream.files.count > 1 ? "these \(stream.files.count) files hold" : "holds"
    return FileError(path: stream.files.first ?? stream.name, reason: "\(files) no text\(rows)")
  }

  private func nextRecord() throws -> Record? {
    if let order = stream.order {
      let index = try order.index()
      let permutation = try self.permutation ?? order.permutation(epoch: epoch)
      self.permutation = permutation
      guard position < permutation.count else { return nil }
      let (file, place) = index[Int(permutation[position])]
      let record = try records(file).record(after: place, expected: stream.expected)
      position += 1
      return record
    }
    while file < stream.files.count {
      if let record = try records(file).record(after: place, expected: stream.expected) {
        place = record.next
        return record
      }
      file += 1
      place = RecordPlace()
    }
    return nil
  }

  private func records(_ file: Int) throws -> RecordFile {
    if let open, open.file == file { return open.records }
    let records = try RecordFile(stream.files[file], stream.format)
    open = (file, records)
    return records
  }

  var state: JSON {
    .object([
      "epoch": JSON(epoch), "file": JSON(file), "offset": JSON(place.offset), "line": JSON(place.line),
      "position": JSON(position), "documents": JSON(documents), "empty": JSON(emptyRows),
    ])
  }

  func restore(_ state: JSON) throws {
    let reader = StateReader(state)
    epoch = try reader.int("epoch")
    permutation = nil
    file = try reader.int("file")
    place = RecordPlace(offset: try reader.int("offset"), line: try reader.int("line"))
    position = try reader.int("position")
    documents = try reader.int("documents")
    emptyRows = try reader.int("empty")
    guard file <= stream.files.count else {
      throw CorpusError(argument: "state", reason: "the saved place lies behind the end of \(stream.name)")
    }
  }
}

/// Reads the fields of a saved place.
struct StateReader {
  let state: JSON

  init(_ state: JSON) { self.state = state }

  func int(_ key: String) throws -> Int {
    guard let value = state[key]?.intValue, value >= 0 else { throw bad(key) }
    return value
  }

  func double(_ key: String) throws -> Double {
    guard let value = state[key]?.doubleValue else { throw bad(key) }
    return value
  }

  func bool(_ key: String) throws -> Bool {
    guard let value = state[key]?.boolValue else { throw bad(key) }
    return value
  }

  func array(_ key: String) throws -> [JSON] {
    guard let value = state[key]?.arrayValue else { throw bad(key) }
    return value
  }

  func value(_ key: String) throws -> JSON {
    guard let value = state[key] else { throw bad(key) }
    return value
  }

  private func bad(_ key: String) -> CorpusError {
    CorpusError(argument: "state", reason: "the saved place in the data cannot be read ('\(key)')")
  }
}
