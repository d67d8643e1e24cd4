import Files
import OrderedCollections
public import Scripting

/// Gathers what one cell prints and shows, as the outputs that its notebook stores.
///
/// Neighbouring pieces of one stream become one output, and a line that was rewritten with carriage returns is
/// stored as it was last seen: a progress bar leaves one line.
public final class OutputCollector: OutputSink {
  private enum Item {
    case stream(OutputStream, [UInt8])
    case display(DisplayData)
  }

  /// More than this of one cell's text is cut in the middle, with a count.
  static let textLimit = 4 << 20
  private var items: [Item] = []

  public init() {}

  public func write(_ bytes: [UInt8], to stream: OutputStream) {
    guard !bytes.isEmpty else { return }
    if case .stream(let last, var text) = items.last, last == stream {
      items[items.count - 1] = .stream(stream, [])
      text += bytes
      if text.count > 4 * Self.textLimit { text = Self.settled(text) }
      items[items.count - 1] = .stream(stream, text)
    } else {
      items.append(.stream(stream, bytes))
    }
  }

  public func display(_ display: DisplayData) { items.append(.display(display)) }

  /// What came so far; the collector is empty afterwards.
  public func take() -> [CellOutput] {
    defer { items = [] }
    return items.map { item in
      switch item {
      case .stream(let stream, let bytes):
        .stream(name: stream.rawValue, text: String(decoding: Self.settled(bytes), as: UTF8.self))
      case .display(let display):
        .display(data: display.data, metadata: display.metadata)
      }
    }
  }

  /// Lines as they stand after their carriage returns, bounded in size.
  static func settled(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    if bytes.contains(UInt8(ascii: "\r")) {
      result = []
      let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() {
        if number > 0 { result.append(UInt8(ascii: "\n")) }
        let versions = line.split(separator: UInt8(ascii: "\r"))
        result += versions.last ?? []
      }
    }
    guard result.count > textLimit else { return result }
    let half = textLimit / 2
    let left = result.count - textLimit
    return result[..<half] + Array("\n… \(left) bytes of output left out …\n".utf8) + result.suffix(half)
  }
}
