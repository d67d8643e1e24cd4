/// A statement at the top level of a cell.
struct CellStatement: Equatable {
  struct Variable: Equatable {
    var name: String
    /// "const", "close" or nil.
    var attribute: String?
    /// Where the attribute's word stands.
    var attributeRange: Range<Int>?
  }
  enum Kind: Equatable {
    /// `local a, b <const> = …` and `local function f`.
    case local([Variable])
    /// A call as a statement, which can also be shown.
    case call
    /// An expression list, which Lua does not take as a statement.
    case expressions
    /// `goto` or a label.
    case jump
    case `return`
    case other
  }
  var kind: Kind
  /// Offsets into the UTF-8 text, without the semicolon.
  var range: Range<Int>
  var line: Int
  /// Whether a semicolon follows.
  var isSilenced = false
}

/// A name that means a top-level local of the cell or something from outside the cell.
struct CellReference: Equatable {
  var name: String
  var range: Range<Int>
  /// Where the cell's own declaration of it ends, if it has one before this place.
  var declared: Int?
}

/// What a rewriter must know of a cell: its top-level statements and the names it takes from outside.
///
/// The grammar is that of Lua 5.4 with one addition: the last statement may be a list of expressions. Whatever Lua
/// checks beyond the grammar (labels, `break`, attributes) is left to Lua.
struct CellSyntax {
  var statements: [CellStatement] = []
  var references: [CellReference] = []
  /// Every name that occurs in any role, so that a hidden name can be chosen.
  var names: Set<String> = []

  init(_ bytes: [UInt8]) throws {
    var parser = CellParser(tokens: try CellLexer.tokens(of: bytes))
    try parser.parseCell()
    statements = parser.statements
    references = parser.references
    names = parser.names
  }
}

/// Recursive descent over the tokens, keeping the scopes of local names.
struct CellParser {
  struct Unexpected: Error {}

  private let tokens: [CellToken]
  private var at = 0
  private var depth = 0
  /// How many locals of a name are visible that blocks and functions have declared.
  private var inner: [String: Int] = [:]
  /// Where the last top-level local of a name was declared.
  private var topLevel: [String: Int] = [:]
  private var blocks: [[String]] = []
  private(set) var statements: [CellStatement] = []
  private(set) var references: [CellReference] = []
  private(set) var names: Set<String> = []
  /// Where the top-level statement that is being read begins.
  private(set) var statementStart: CellToken

  init(tokens: [CellToken]) {
    self.tokens = tokens
    statementStart = tokens[0]
    for token in tokens where token.kind == .name { names.insert(token.text) }
  }

  // MARK: Tokens

  var current: CellToken { tokens[at] }
  var following: CellToken { tokens[min(at + 1, tokens.count - 1)] }
  private var previousEnd: Int { at == 0 ? 0 : tokens[at - 1].range.upperBound }

  mutating func advance() { if at < tokens.count - 1 { at += 1 } }

  func isNext(_ text: String) -> Bool {
    (current.kind == .symbol || current.kind == .keyword) && current.text == text
  }

  mutating func take(_ text: String) -> Bool {
    guard isNext(text) else { return false }
    advance()
    return true
  }

  mutating func expect(_ text: String) throws {
    guard take(text) else { throw Unexpected() }
  }

  mutating func name() throws -> CellToken {
    guard current.kind == .name else { throw Unexpected() }
    defer { advance() }
    return current
  }

  // MARK: Scopes

  private mutating func open() { blocks.append([]) }

  private mutating func close() {
    for name in blocks.removeLast() { inner[name, default: 1] -= 1 }
  }

  mutating func declare(_ name: String) {
    if blocks.isEmpty {
      topLevel[name] = previousEnd
    } else {
      inner[name, default: 0] += 1
      blocks[blocks.count - 1].append(name)
    }
  }

  mutating func refer(to token: CellToken) {
    guard inner[token.text, default: 0] == 0 else { return }
    references.append(
      CellReference(name: token.text, range: token.range, declared: topLevel[token.text]))
  }

  /// Lua itself gives up at 200 levels; so deep a source is handed to it as it is.
  mutating func nested<R>(_ body: (inout CellParser) throws -> R) throws -> R {
    depth += 1
    defer { depth -= 1 }
    guard depth < 190 else { throw Unexpected() }
    return try body(&self)
  }

  // MARK: Statements

  mutating func parseCell() throws {
    while current.kind != .end {
      if take(";") { continue }
      let start = current
      statementStart = start
      var kind = try statement(isTopLevel: true)
      var statement = CellStatement(
        kind: kind, range: start.range.lowerBound..<previousEnd, line: start.line)
      if kind == .return {
        _ = take(";")
        guard current.kind == .end else { throw Unexpected() }
      } else {
        statement.isSilenced = isNext(";")
      }
      if kind == .expressions {
        while take(";") {}
        guard current.kind == .end else { throw Unexpected() }
      }
      kind = statement.kind
      statements.append(statement)
    }
  }

  private var blockEnds: Bool {
    current.kind == .end || isNext("end") || isNext("else") || isNext("elseif") || isNext("until")
  }

  mutating func block() throws {
    try nested { parser in
      while !parser.blockEnds {
        if parser.take(";") { continue }
        if try parser.statement(isTopLevel: false) == .return {
          _ = parser.take(";")
          guard parser.blockEnds else { throw Unexpected() }
        }
      }
    }
  }

  private mutating func scopedBlock(end: String? = nil) throws {
    open()
    try block()
    close()
    if let end { try expect(end) }
  }

  private mutating func statement(isTopLevel: Bool) throws -> CellStatement.Kind {
    guard current.kind == .keyword else {
      if take("::") {
        _ = try name()
        try expect("::")
        return .jump
      }
      return try expressionStatement(isTopLevel: isTopLevel)
    }
    switch current.text {
    case "if": try ifStatement()
    case "while":
      advance()
      try expression()
      try expect("do")
      try scopedBlock(end: "end")
    case "do":
      advance()
      try scopedBlock(end: "end")
    case "for": try forStatement()
    case "repeat":
      advance()
      open()
      try block()
      try expect("until")
      try expression()
      close()
    case "function" where following.kind == .name: try functionStatement()
    case "local": return try localStatement()
    case "return":
      advance()
      if !blockEnds && !isNext(";") { try expressionList() }
      return .return
    case "break": advance()
    case "goto":
      advance()
      _ = try name()
      return .jump
    default: return try expressionStatement(isTopLevel: isTopLevel)
    }
    return .other
  }

  private mutating func ifStatement() throws {
    repeat {
      advance()
      try expression()
      try expect("then")
      try scopedBlock()
    } while isNext("elseif")
    if take("else") { try scopedBlock() }
    try expect("end")
  }

  private mutating func forStatement() throws {
    advance()
    var variables = [try name().text]
    if take("=") {
      try expression()
      try expect(",")
      try expression()
      if take(",") { try expression() }
    } else {
      while take(",") { variables.append(try name().text) }
      try expect("in")
      try expressionList()
    }
    try expect("do")
    open()
    for variable in variables { declare(variable) }
    try block()
    close()
    try expect("end")
  }

  private mutating func functionStatement() throws {
    advance()
    refer(to: try name())
    while take(".") { _ = try name() }
    let isMethod = take(":")
    if isMethod { _ = try name() }
    try functionBody(isMethod: isMethod)
  }

  private mutating func localStatement() throws -> CellStatement.Kind {
    advance()
    if take("function") {
      let name = try name().text
      declare(name)
      try functionBody(isMethod: false)
      return .local([.init(name: name)])
    }
    var variables: [CellStatement.Variable] = []
    repeat {
      var variable = CellStatement.Variable(name: try name().text)
      if take("<") {
        let attribute = try name()
        variable.attribute = attribute.text
        variable.attributeRange = attribute.range
        try expect(">")
      }
      variables.append(variable)
    } while take(",")
    if take("=") { try expressionList() }
    for variable in variables { declare(variable.name) }
    return .local(variables)
  }

  private mutating func expressionStatement(isTopLevel: Bool) throws -> CellStatement.Kind {
    let isPrefix = current.kind == .name || isNext("(")
    let start = at
    let referencesBefore = references.count
    if isPrefix {
      let isCall = try suffixedExpression()
      if isNext("=") || isNext(",") && isAssignment(from: at) {
        while take(",") { _ = try suffixedExpression() }
        try expect("=")
        try expressionList()
        return .other
      }
      if isCall && !continuesExpression { return .call }
      at = start
      references.removeLast(references.count - referencesBefore)
    }
    guard isTopLevel else { throw Unexpected() }
    try expressionList()
    return .expressions
  }

  /// Whether the list of expressions that goes on here is followed by `=`.
  private func isAssignment(from comma: Int) -> Bool {
    var probe = self
    while probe.take(",") {
      guard probe.current.kind == .name || probe.isNext("("), (try? probe.suffixedExpression()) != nil else {
        return false
      }
    }
    return probe.isNext("=")
  }

  private var continuesExpression: Bool {
    isNext(",") || CellParser.binaryOperators.contains(current.text) && current.kind != .name
  }

  mutating func functionBody(isMethod: Bool) throws {
    open()
    defer { close() }
    if isMethod { declare("self") }
    try expect("(")
    if !isNext(")") {
      repeat {
        if take("...") { break }
        declare(try name().text)
      } while take(",")
    }
    try expect(")")
    try block()
    try expect("end")
  }
}
