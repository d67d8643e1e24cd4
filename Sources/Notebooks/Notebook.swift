public import Files
public import OrderedCollections

/// A notebook in memory: nbformat 4, with every field that we do not know kept as it was.
public struct Notebook: Equatable, Sendable {
  public var cells: [NotebookCell]
  public var metadata: OrderedDictionary<String, JSON>
  public var minorVersion: Int

  public init(cells: [NotebookCell] = [], metadata: OrderedDictionary<String, JSON> = [:]) {
    self.cells = cells
    self.metadata = metadata
    minorVersion = 5
  }

  /// The kernel that a new notebook of ours asks for.
  public static let kernel: OrderedDictionary<String, JSON> = [
    "kernelspec": ["display_name": "yuyan", "language": "lua", "name": "yuyan"],
    "language_info": [
      "codemirror_mode": "lua", "file_extension": ".lua", "mimetype": "text/x-lua", "name": "lua",
      "pygments_lexer": "lua", "version": "5.4",
    ],
  ]

  /// Gives each cell without an id of its own one that depends only on its place and text.
  public mutating func fillIdentifiers() {
    var taken = Set(cells.compactMap(\.id))
    for index in cells.indices where cells[index].id == nil {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in "\(index)\n\(cells[index].source)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      var id = hexadecimal(UInt32(truncatingIfNeeded: hash ^ hash >> 32))
      while !taken.insert(id).inserted {
        hash = hash &* 0x100_0000_01b3 &+ 1
        id = hexadecimal(UInt32(truncatingIfNeeded: hash ^ hash >> 32))
      }
      cells[index].id = id
    }
    minorVersion = max(minorVersion, 5)
  }

  private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

/// One cell of a notebook.
public struct NotebookCell: Equatable, Sendable {
  public enum Kind: String, Sendable { case code, markdown, raw }

  public var kind: Kind
  public var source: String
  public var id: String?
  public var metadata: OrderedDictionary<String, JSON>
  public var executionCount: Int?
  public var outputs: [CellOutput]
  /// Fields such as `attachments`, as they were read.
  public var otherFields: OrderedDictionary<String, JSON> = [:]

  public init(
    _ kind: Kind, _ source: String, id: String? = nil, metadata: OrderedDictionary<String, JSON> = [:],
    outputs: [CellOutput] = []
  ) {
    self.kind = kind
    self.source = source
    self.id = id
    self.metadata = metadata
    self.outputs = outputs
  }

  public var tags: [String] { metadata["tags"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
}

/// One output of a code cell.
public enum CellOutput: Equatable, Sendable {
  case stream(name: String, text: String)
  case display(data: OrderedDictionary<String, JSON>, metadata: OrderedDictionary<String, JSON>)
  case result(
    data: OrderedDictionary<String, JSON>, metadata: OrderedDictionary<String, JSON>, executionCount: Int?)
  case error(name: String, value: String, traceback: [String])
  /// What a later format may add, kept as it was.
  case other(JSON)
}
