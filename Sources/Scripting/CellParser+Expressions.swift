extension CellParser {
  /// Precedence does not matter for scopes, so operators are read as a flat chain.
  static let binaryOperators: Set<String> = [
    "+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "&", "|", "~", "<<", ">>",
    "and",
    "or",
  ]
  private static let unaryOperators: Set<String> = ["-", "not", "#", "~"]

  mutating func expressionList() throws {
    repeat { try expression() } while take(",")
  }

  mutating func expression() throws {
    try nested { parser in
      while true {
        while parser.isOperator(in: CellParser.unaryOperators) { parser.advance() }
        try parser.operand()
        guard parser.isOperator(in: CellParser.binaryOperators) else { return }
        parser.advance()
      }
    }
  }

  private func isOperator(in set: Set<String>) -> Bool {
    (current.kind == .symbol || current.kind == .keyword) && set.contains(current.text)
  }

  private mutating func operand() throws {
    switch current.kind {
    case .number, .string: advance()
    case .keyword where ["nil", "true", "false"].contains(current.text): advance()
    case .keyword where current.text == "function":
      advance()
      try functionBody(isMethod: false)
    case .symbol where current.text == "...": advance()
    case .symbol where current.text == "{": try table()
    default: _ = try suffixedExpression()
    }
  }

  /// Reads a name or a bracketed expression with what is hung on it; tells whether the last of it is a call.
  mutating func suffixedExpression() throws -> Bool {
    if current.kind == .name {
      refer(to: current)
      advance()
    } else {
      try expect("(")
      try expression()
      try expect(")")
    }
    var isCall = false
    while true {
      if take(".") {
        _ = try name()
        isCall = false
      } else if take("[") {
        try expression()
        try expect("]")
        isCall = false
      } else if take(":") {
        _ = try name()
        try arguments()
        isCall = true
      } else if isNext("(") || isNext("{") || current.kind == .string {
        try arguments()
        isCall = true
      } else {
        return isCall
      }
    }
  }

  private mutating func arguments() throws {
    if current.kind == .string {
      advance()
    } else if isNext("{") {
      try table()
    } else {
      try expect("(")
      if !isNext(")") { try expressionList() }
      try expect(")")
    }
  }

  private mutating func table() throws {
    try nested { parser in
      try parser.expect("{")
      while !parser.isNext("}") {
        if parser.take("[") {
          try parser.expression()
          try parser.expect("]")
          try parser.expect("=")
        } else if parser.current.kind == .name, parser.following.kind == .symbol, parser.following.text == "="
        {
          parser.advance()
          parser.advance()
        }
        try parser.expression()
        guard parser.take(",") || parser.take(";") else { break }
      }
      try parser.expect("}")
    }
  }
}
