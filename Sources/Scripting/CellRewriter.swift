/// A cell made ready for Lua: pieces to compile and run in order, each a chunk that returns a function.
///
/// A cell's top-level locals stay what they are, locals of one function. Behind each declaration stands a call that
/// hands a closure over the new variables to the session, which keeps the variables through `debug.upvaluejoin`: so
/// a later cell, a closure of this cell and the cell itself share one variable, also after an error. A later cell
/// gets the variables it names as upvalues, declared in a header before its first character. Lines do not move and
/// every name that Lua can put in a message is the user's.
public struct CellProgram: Equatable {
  public struct Piece: Equatable {
    public var source: [UInt8]
    /// The session variables that the piece takes from outside as upvalues.
    public var captured: [String]
    /// Whether there are more of them than a header can hold, so that some are read through a table.
    public var overflows: Bool
  }
  public var pieces: [Piece]
  /// What must compile first, so that the messages of Lua are about what the user wrote.
  public var plain: [UInt8]
  /// Whether the values that the cell returns are to be shown.
  public var shows: Bool
}

/// Rewrites the top-level locals and the last expression of a cell.
public struct CellRewriter {
  /// Session variables by name; the value says whether it is constant.
  var known: [String: Bool]
  /// Own locals in one function, and captured variables in one header: Lua's limits are 200 each.
  static let pieceLocals = 120
  static let headerNames = 180

  /// The name of the upvalue by which a cell reaches the session; underscores are added where the cell has it too.
  static let hiddenName = "_cell"

  private let bytes: [UInt8]
  private let syntax: CellSyntax
  private let hidden: String

  private init(_ bytes: [UInt8], _ syntax: CellSyntax, known: [String: Bool]) {
    self.bytes = bytes
    self.syntax = syntax
    self.known = known
    var hidden = Self.hiddenName
    while syntax.names.contains(hidden) { hidden += "_" }
    self.hidden = hidden
  }

  /// Source that is not a cell by the grammar comes back as it is, in one piece that captures nothing.
  ///
  /// - Parameter known: tells of a name whether it is a session variable (nil: it is not) and constant.
  public static func program(for source: String, known: (String) -> Bool?) -> CellProgram {
    let bytes = withoutShebang(Array(source.utf8))
    guard let syntax = try? CellSyntax(bytes) else {
      return CellProgram(pieces: [], plain: bytes, shows: false)
    }
    var names: [String: Bool] = [:]
    for name in Set(syntax.references.filter { $0.declared == nil }.map(\.name)).union(["_ENV"]) {
      if let isConstant = known(name) { names[name] = isConstant }
    }
    return CellRewriter(bytes, syntax, known: names).program()
  }

  static func withoutShebang(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.starts(with: "#!".utf8) else { return bytes }
    return Array("--".utf8) + bytes.dropFirst(2)
  }

  private func program() -> CellProgram {
    var known = known
    var pieces: [CellProgram.Piece] = []
    let groups = groups()
    for (number, group) in groups.enumerated() {
      pieces.append(piece(group, known: known, isLast: number == groups.count - 1))
      for case .local(let variables) in group.map(\.kind) {
        for variable in variables { known[variable.name] = variable.attribute != nil }
      }
    }
    let last = syntax.statements.last
    let shows = last.map { $0.kind == .return || !$0.isSilenced } ?? false
    var plain = bytes
    if let last, last.kind == .expressions {
      plain.insert(contentsOf: "return ".utf8, at: last.range.lowerBound)
      Self.blankSemicolons(&plain, from: last.range.upperBound + 7)
    }
    return CellProgram(pieces: pieces, plain: plain, shows: shows)
  }

  /// `return` takes one semicolon, a silenced expression may have more.
  private static func blankSemicolons(_ bytes: inout [UInt8], from start: Int) {
    guard let tokens = try? CellLexer.tokens(of: Array(bytes[start...])) else { return }
    for token in tokens where token.text == ";" { bytes[start + token.range.lowerBound] = UInt8(ascii: " ") }
  }

  /// Statements that share one function; a cell with labels is never cut.
  private func groups() -> [ArraySlice<CellStatement>] {
    let statements = syntax.statements
    guard !statements.contains(where: { $0.kind == .jump }) else { return [statements[...]] }
    var groups: [ArraySlice<CellStatement>] = []
    var start = 0
    var count = 0
    for (index, statement) in statements.enumerated() {
      guard case .local(let variables) = statement.kind else { continue }
      if count + variables.count > Self.pieceLocals, count > 0 {
        groups.append(statements[start..<index])
        start = index
        count = 0
      }
      count += variables.count
    }
    return groups + [statements[start...]]
  }

  private func piece(
    _ statements: ArraySlice<CellStatement>, known: [String: Bool], isLast: Bool
  ) -> CellProgram.Piece {
    let isFirst = statements.startIndex == 0
    let begin = isFirst ? 0 : statements.first?.range.lowerBound ?? 0
    let end = isLast ? bytes.count : syntax.statements[statements.endIndex].range.lowerBound
    let outside = syntax.references.filter {
      begin..<end ~= $0.range.lowerBound && $0.declared.map { $0 <= begin } ?? true
    }
    let named = Set(outside.map(\.name))
    var captured = known.keys.filter { named.contains($0) || $0 == "_ENV" }.sorted()
    let overflow = Set(captured.dropFirst(Self.headerNames).filter { $0 != "_ENV" })
    captured.removeAll { overflow.contains($0) }

    var edits: [(range: Range<Int>, text: String)] = []
    for reference in outside where overflow.contains(reference.name) {
      edits.append((reference.range, "\(hidden).variables.\(reference.name)"))
    }
    for statement in statements {
      if case .local(let variables) = statement.kind {
        edits += keeping(variables, of: statement)
      }
    }
    if isLast, let last = statements.last { edits += showing(last) }

    var source = Array(repeating: UInt8(ascii: "\n"), count: (isFirst ? 1 : statements.first?.line ?? 1) - 1)
    let header = captured.map { known[$0] == true ? "\($0) <const>" : $0 }
    source += "local \(([hidden] + header).joined(separator: ",")) = ... return function(...) ".utf8
    var at = begin
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      source += bytes[at..<edit.range.lowerBound]
      source += edit.text.utf8
      at = edit.range.upperBound
    }
    source += bytes[at..<end]
    source += (isLast ? "\nend" : "\nreturn \(hidden).more end").utf8
    return CellProgram.Piece(source: source, captured: captured, overflows: !overflow.isEmpty)
  }

  /// Behind a declaration: hands its variables to the session.
  private func keeping(
    _ variables: [CellStatement.Variable], of statement: CellStatement
  ) -> [(range: Range<Int>, text: String)] {
    let plain = variables.filter { $0.attribute == nil }.map(\.name)
    var text = plain.isEmpty ? "" : " \(hidden).keep(function() return \(plain.joined(separator: ",")) end);"
    var edits: [(range: Range<Int>, text: String)] = []
    for variable in variables {
      guard let attribute = variable.attribute, let range = variable.attributeRange else { continue }
      text +=
        " \(hidden).\(attribute == "close" ? "close" : "constant")(\"\(variable.name)\",\(variable.name));"
      if attribute == "close" { edits.append((range, "const")) }
    }
    let end = statement.range.upperBound
    return edits + [(end..<end, text)]
  }

  /// Around the last expression: a call inside the brackets is not a tail call, so its caller stays in tracebacks.
  private func showing(_ last: CellStatement) -> [(range: Range<Int>, text: String)] {
    guard last.kind == .expressions || last.kind == .call && !last.isSilenced else { return [] }
    let (start, end) = (last.range.lowerBound, last.range.upperBound)
    var edits = [(start..<start, "return \(hidden).show("), (end..<end, ")")]
    if last.isSilenced {
      // Everything behind a silenced expression is semicolons and comments; one semicolon is enough.
      let tail = (try? CellLexer.tokens(of: Array(bytes[end...]))) ?? []
      for token in tail.filter({ $0.text == ";" }).dropFirst() {
        edits.append((end + token.range.lowerBound..<end + token.range.upperBound, " "))
      }
    }
    return edits
  }
}
