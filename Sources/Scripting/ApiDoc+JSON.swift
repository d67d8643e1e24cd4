public import Files
import OrderedCollections

/// The documentation as JSON, for `yuyan help --json` and for tools; what is empty or false is left out.
extension ApiDoc {
  public var json: JSON {
    object([("version", .integer(Int64(Self.version))), ("modules", .array(modules.map(\.json)))])
  }
}

extension ModuleDoc {
  var json: JSON {
    object([
      ("name", text(name)), ("summary", text(summary)), ("functions", list(functions.map(\.json))),
      ("call", call?.json), ("constants", list(constants.map(\.json))),
      ("classes", list(classes.map(\.json))),
    ])
  }
}

extension ClassDoc {
  var json: JSON {
    object([
      ("name", text(name)), ("summary", text(summary)), ("properties", list(properties.map(\.json))),
      ("methods", list(methods.map(\.json))), ("operators", list(operators.map(\.json))),
    ])
  }
}

extension FunctionDoc {
  var json: JSON {
    object([
      ("name", text(name)), ("summary", text(summary)), ("owner", owner.flatMap(text)),
      ("parameters", list(parameters.map(\.json))), ("results", list(results.map(\.json))),
      ("example", text(example)),
    ])
  }
}

extension ParameterDoc {
  var json: JSON {
    object([
      ("name", text(name)), ("summary", text(summary)), ("type", text(type)), ("optional", flag(isOptional)),
      ("variadic", flag(isVariadic)), ("default", defaultText.flatMap(text)),
      ("fields", list(fields.map(\.json))),
      ("choices", list(choices.map(JSON.string))),
    ])
  }
}

extension FieldDoc {
  var json: JSON {
    let element: JSON? =
      switch place {
      case .name: nil
      case .element(let n): .integer(Int64(n))
      case .list: .string("all")
      }
    return object([
      ("name", text(name)), ("summary", text(summary)), ("type", text(type)), ("element", element),
      ("required", flag(isRequired)), ("default", defaultText.flatMap(text)),
      ("fields", list(fields.map(\.json))),
      ("choices", list(choices.map(JSON.string))),
    ])
  }
}

extension ResultDoc {
  var json: JSON { object([("name", text(name)), ("summary", text(summary)), ("type", text(type))]) }
}

extension PropertyDoc {
  var json: JSON {
    object([
      ("name", text(name)), ("summary", text(summary)), ("type", text(type)), ("writable", flag(isWritable)),
    ])
  }
}

private func object(_ fields: [(String, JSON?)]) -> JSON {
  .object(
    OrderedDictionary(
      fields.compactMap { key, value in value.map { (key, $0) } }, uniquingKeysWith: { a, _ in a }))
}

private func text(_ text: String) -> JSON? { text.isEmpty ? nil : .string(text) }
private func list(_ items: [JSON]) -> JSON? { items.isEmpty ? nil : .array(items) }
private func flag(_ flag: Bool) -> JSON? { flag ? .bool(true) : nil }
