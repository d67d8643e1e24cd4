import Files
import Glibc

/// How a file holds its records.
enum RecordFormat: Equatable {
  /// One a line.
  case lines
  /// The file is one.
  case whole
  /// JSON: the elements of an array, or one value a line; the first character tells.
  case json
}

/// The place between two records of a file; `line` is the line at `offset`, or in an array the next row, from 1.
struct RecordPlace: Equatable {
  var offset = 0
  var line = 1
}

struct Record {
  enum Payload {
    case text(String)
    case json(JSON)
  }

  let path: String
  /// From 1; in an array the row.
  let line: Int
  let payload: Payload
  let next: RecordPlace
  var element: ArrayElement?

  /// "a.txt:7", or "a.json, row 7".
  var location: String { element == nil ? "\(path):\(line)" : "\(path), row \(line)" }

  func error(field: String? = nil, _ reason: String) -> FileError {
    element?.error(field: field, reason) ?? FileError(path: path, line: line, field: field, reason: reason)
  }
}

/// A row of a JSON array; its line is counted only for a message.
struct ArrayElement {
  let file: MappedFile
  let start: Int
  /// From 1.
  let row: Int

  func error(field: String? = nil, _ reason: String) -> FileError {
    let line = 1 + file.bytes[..<start].count { $0 == 0x0A }
    return FileError(path: file.path, line: line, row: row, field: field, reason: reason)
  }
}

/// One file of records, which can be read from any place between two of them.
final class RecordFile {
  private let path: String
  private let format: RecordFormat
  /// Nil when the file is empty.
  private let file: MappedFile?
  private let isArray: Bool
  private let first: Int
  private var released = 0

  init(_ path: String, _ format: RecordFormat) throws {
    self.path = path
    self.format = format
    if FileSystem.isRegularFile(path), try FileSystem.size(path) == 0 {
      file = nil
      isArray = false
      first = 0
      return
    }
    let file = try MappedFile(path)
    if let problem = LineReader.problem(withHead: [UInt8](file.bytes.prefix(512))) {
      throw FileError(path: path, reason: problem)
    }
    first = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let lead = file.bytes[first...].first { !Self.isSpace($0) }
    isArray = format == .json && lead == UInt8(ascii: "[")
    self.file = file
  }

  /// The record after `place`, also an empty one; nil at the end.
  func record(after place: RecordPlace, expected: String) throws -> Record? {
    guard let file else { return nil }
    return try withExtendedLifetime(file) { try record(in: file, after: place, expected) }
  }

  private func record(in file: MappedFile, after place: RecordPlace, _ expected: String) throws -> Record? {
    if place.offset >= file.bytes.count && !isArray { return nil }
    // What was read is not needed again in this order; a gigabyte of text must not stay in memory.
    if place.offset > released + 1 << 24 {
      file.release(released..<place.offset)
      released = place.offset
    }
    switch format {
    case .whole: return try whole(file)
    case .lines:
      let (range, next) = line(file, place)
      return Record(
        path: path, line: place.line, payload: .text(try text(file, range, place.line)), next: next)
    case .json: return try isArray ? element(file, place, expected) : row(file, place, expected)
    }
  }

  private func whole(_ file: MappedFile) throws -> Record {
    let text = try text(file, first..<file.bytes.count, 1)
    let end = RecordPlace(offset: file.bytes.count, line: 1)
    return Record(path: path, line: 1, payload: .text(withoutCarriageReturns(text)), next: end)
  }

  private func line(_ file: MappedFile, _ place: RecordPlace) -> (Range<Int>, RecordPlace) {
    let start = max(place.offset, first)
    let rest = UnsafeRawBufferPointer(rebasing: file.bytes[start...])
    var end = file.bytes.count
    var next = end
    if let base = rest.baseAddress, let found = memchr(base, 0x0A, rest.count) {
      end = start + (UnsafeRawPointer(found) - base)
      next = end + 1
    }
    if end > start, file.bytes[end - 1] == 0x0D { end -= 1 }
    return (start..<end, RecordPlace(offset: next, line: place.line + 1))
  }

  private func text(_ file: MappedFile, _ range: Range<Int>, _ line: Int) throws -> String {
    let part = UnsafeRawBufferPointer(rebasing: file.bytes[range])
    guard let bad = UTF8Text.firstInvalidByte(in: part) else { return String(decoding: part, as: UTF8.self) }
    let before = part[..<bad]
    let number = line + before.count { $0 == 0x0A }
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let byte = String(part[bad], radix: 16, uppercase: true)
    throw FileError(
      path: path, line: number, reason: "not UTF-8: byte 0x\(byte) at byte \(bad - lineStart + 1) of the line"
    )
  }

  /// The next line that is not blank, as JSON; an empty record at the end if only blank ones are left.
  private func row(_ file: MappedFile, _ place: RecordPlace, _ expected: String) throws -> Record? {
    let (range, next) = line(file, place)
    let text = try text(file, range, place.line)
    if text.utf8.allSatisfy(Self.isSpace) {
      return Record(path: path, line: place.line, payload: .text(""), next: next)
    }
    do {
      return Record(path: path, line: place.line, payload: .json(try JSON.parse(text)), next: next)
    } catch let error as JSONError {
      throw FileError(
        path: path, line: place.line, reason: "\(expected) expected; column \(error.column): \(error.reason)")
    }
  }

  /// The next element of the array; `place` lies before the bracket or after an element.
  private func element(_ file: MappedFile, _ place: RecordPlace, _ expected: String) throws -> Record? {
    var parser = JSONParser(file.bytes, at: max(place.offset, first))
    var row: Int?
    do {
      if place.offset == 0 { _ = parser.take("[") }
      if parser.take("]") {
        try parser.end()
        return nil
      }
      if place.offset > 0, !parser.take(",") { throw parser.unfinishedArray() }
      parser.skipSpace()
      let start = parser.position
      row = place.line
      let value = try parser.value()
      let next = RecordPlace(offset: parser.position, line: place.line + 1)
      return Record(
        path: path, line: place.line, payload: .json(value), next: next,
        element: ArrayElement(file: file, start: start, row: place.line))
    } catch let error as JSONError {
      throw FileError(
        path: path, line: error.line, row: row,
        reason: "\(expected) expected; column \(error.column): \(error.reason)")
    }
  }

  private func withoutCarriageReturns(_ text: String) -> String {
    guard text.utf8.contains(0x0D) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte == 0x0A, bytes.last == 0x0D { bytes.removeLast() }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
