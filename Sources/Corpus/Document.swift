public import Files
public import Tokenizers

/// A text to learn from, or a lesson: a prompt with the answer that is trained.
public struct Document: Sendable {
  public enum Content: Sendable {
    case text(String)
    case lesson(InstructionRow, template: ChatTemplate)
  }

  public let content: Content
  /// Where it stands: "file:line", "file, row 7" of a JSON array, or the file alone when it is one document.
  public let location: String
  /// The name of the stream it came from.
  public internal(set) var source: String
  /// Its row, if it is one of a JSON array.
  private(set) var element: ArrayElement?

  public init(_ content: Content, location: String, source: String) {
    self.content = content
    self.location = location
    self.source = source
  }

  init(_ content: Content, of record: Record, source: String) {
    self.init(content, location: record.location, source: source)
    element = record.element
  }

  /// What is wrong with it, at the place where it stands.
  func error(_ reason: String) -> FileError {
    element?.error(reason) ?? FileError(path: location, reason: reason)
  }

  /// The text; of a lesson, prompt and answer as its template renders them.
  public var text: String {
    switch content {
    case .text(let text): text
    case .lesson(let row, let template): template.render(row).text
    }
  }

  /// What makes two documents the same: the text, or the fields of a lesson whatever its template.
  var identity: String {
    switch content {
    case .text(let text): text
    case .lesson(let row, _): [row.instruction, row.input, row.output].joined(separator: "\u{1F}")
    }
  }
}

/// A source of documents that is read from its beginning as often as needed, and never held whole.
public protocol DocumentStream: AnyObject {
  /// How messages and tables name it.
  var name: String { get }
  /// A cursor before the first document of pass `epoch`; the pass matters only to shuffled streams.
  func open(epoch: Int) throws -> any DocumentCursor
  /// The same documents in an order drawn anew from `seed` for every pass.
  func shuffled(seed: UInt64) throws -> any DocumentStream
  /// All that the documents depend on: contents of files, options, templates.
  var identity: JSON { get throws }
}

extension DocumentStream {
  public func open() throws -> any DocumentCursor { try open(epoch: 0) }

  /// SHA-256 of `identity`.
  public var fingerprint: String { get throws { DataIdentity.fingerprint(try identity) } }
}

/// A place in one pass over a stream.
public protocol DocumentCursor: AnyObject {
  /// The next document; nil at the end of the pass.
  /// - Throws: `FileError` for a row that cannot be used, or when the stream holds no document at all.
  func next() throws -> Document?
  /// Rows without text met so far, which give no document.
  var emptyRows: Int { get }
  /// The place, for `restore`.
  var state: JSON { get }
  /// Goes to a place of the same stream, whatever the cursor was opened at.
  func restore(_ state: JSON) throws
}
