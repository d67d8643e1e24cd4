public import Corpus
public import Scripting

/// A stream of documents as Lua holds it.
public final class StreamObject: LuaObject, CustomStringConvertible {
  public let stream: any DocumentStream
  public init(_ stream: any DocumentStream) { self.stream = stream }
  public var description: String { "documents of \(stream.name)" }

  public static let luaClass = LuaClass<StreamObject>(
    "Documents", "A lazy stream of documents; it is read from its beginning as often as needed.",
    [
      .method(
        "texts", "Walks over the texts of the documents.",
        returns: Returns<LuaIterator<String>>("next", "for `for`"),
        example: "for text in stream:texts() do print(text) end"
      ) { object in
        let cursor = try object.stream.open()
        return LuaIterator { try cursor.next()?.text }
      },
      .property("name", "What tables and messages call it.") { $0.stream.name },
    ])
}

/// Rows of token ids as Lua holds them.
public final class RowsObject: LuaObject, CustomStringConvertible {
  public let source: any RowSource
  public init(_ source: any RowSource) { self.source = source }
  public var description: String { "rows of at most \(source.length) tokens" }

  public static let luaClass = LuaClass<RowsObject>(
    "Rows", "Token ids as rows of isolated documents, made as they are asked for.",
    [
      .method(
        "ledger", "Counts, for every source, what one pass reads and what becomes of it.",
        returns: Returns<LedgerObject>("ledger", "prints as a table"), example: "print(packed:ledger())"
      ) { rows in LedgerObject(try rows.packed("ledger").ledger()) },
      .method(
        "show", "Shows rows as text: what is trained, what is context, what stays empty.",
        Param<Int>("count", "how many rows", default: 1),
        returns: Returns<ShownRows>("text", "colours in a terminal"),
        example: "print(lessons:show(3))"
      ) { rows, count in try ShownRows(rows.packed("show"), count) },
      .method(
        "rows", "Walks over the rows.", returns: Returns<LuaIterator<RowTable>>("next", "for `for`"),
        example: "for row in packed:rows() do print(#row.ids) end"
      ) { rows in
        let cursor = try rows.source.open()
        return LuaIterator { try cursor.next().map(RowTable.init) }
      },
      .property("length", "The most tokens in a row.") { $0.source.length },
    ])

  private func packed(_ method: String) throws -> PackedData {
    guard let packed = source as? PackedData else {
      throw BadArgument("self", "\(method) needs packed documents, these are ready-made ids")
    }
    return packed
  }
}

/// A row as a table of `ids`, `targets` (-1: not trained), `documents` (lengths) and `samples`.
struct RowTable: LuaValue {
  let row: Row
  init(_ row: Row) { self.row = row }
  static var luaType: String { "table" }
  static func read(_ state: LuaState, at index: Int32) throws -> RowTable {
    throw state.mismatch("a row that yuyan made", at: index)
  }
  func push(to state: LuaState) throws {
    let table = try LuaTable(in: state)
    try table.set("ids", to: row.ids)
    try table.set("targets", to: row.targets)
    try table.set("documents", to: row.documents)
    try table.set("samples", to: row.samples)
    try table.push(to: state)
  }
}

/// Rows as text, coloured where it is shown on a terminal.
final class ShownRows: LuaObject, CustomStringConvertible {
  let description: String
  init(_ data: PackedData, _ count: Int) throws {
    description = try data.show(count, colour: Terminal.hasColours)
  }

  static let luaClass = LuaClass<ShownRows>("ShownRows", "Rows of a packed stream as text.", [])
}

/// The ledger of one pass as Lua holds it.
final class LedgerObject: LuaObject, CustomStringConvertible {
  let ledger: Ledger
  init(_ ledger: Ledger) { self.ledger = ledger }
  var description: String { ledger.description }

  static let luaClass = LuaClass<LedgerObject>(
    "Ledger", "What one pass over packed data reads and what becomes of it.",
    [
      .property("documents", "Documents read.") { $0.ledger.documents },
      .property("read", "Tokens read.") { $0.ledger.read },
      .property("trained", "Tokens that are predicted.") { $0.ledger.trained },
      .property("context", "Tokens that are only seen.") { $0.ledger.context },
      .property("padding", "Places of rows that stay empty.") { $0.ledger.padding },
      .property("truncated", "Tokens cut off.") { $0.ledger.truncated },
      .property("dropped", "Tokens of documents left out.") { $0.ledger.dropped },
      .property("rows", "Rows made.") { $0.ledger.rows },
      .property("utilisation", "Share of the places of rows that hold a token.") { $0.ledger.utilisation },
      .property("sources", "One table a source: name, weight, tokens, epochs, trained and so on.") { object in
        object.ledger.sources.map(LedgerRow.init)
      },
    ])
}

/// One source of a ledger as a table.
struct LedgerRow: LuaValue {
  let source: Ledger.Source
  init(_ source: Ledger.Source) { self.source = source }
  static var luaType: String { "table" }
  static func read(_ state: LuaState, at index: Int32) throws -> LedgerRow {
    throw state.mismatch("a ledger's row", at: index)
  }
  func push(to state: LuaState) throws {
    let table = try LuaTable(in: state)
    try table.set("name", to: source.name)
    try table.set("weight", to: source.weight)
    try table.set("epochs", to: source.epochs)
    let counts = [
      ("documents", source.documents), ("tokens", source.tokens), ("read", source.read),
      ("trained", source.trained),
      ("context", source.context), ("truncated", source.truncated), ("dropped", source.dropped),
      ("overlap", source.overlap), ("padding", source.padding),
    ]
    for (name, count) in counts { try table.set(name, to: count) }
    try table.push(to: state)
  }
}
