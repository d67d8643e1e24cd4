/// The rules every declaration keeps, checked by one test over all of them.
public enum DeclarationLint {
  /// What is wrong with the declarations, one sentence each; empty when nothing is.
  public static func problems(in modules: [ModuleDoc]) -> [String] {
    var problems: [String] = []
    var seen: Set<String> = []
    for module in modules {
      if !seen.insert(module.name).inserted { problems.append("\(module.name): declared twice") }
      summary(module.name, module.summary, &problems)
      unique(module.name, module.functions.map(\.name) + module.constants.map(\.name), &problems)
      for function in module.functions + (module.call.map { [$0] } ?? []) {
        check(function, function.name, &problems)
      }
      for constant in module.constants { name(constant.name, "\(module.name).\(constant.name)", &problems) }
      for type in module.classes {
        summary(type.name, type.summary, &problems)
        unique(type.name, type.methods.map(\.name) + type.properties.map(\.name), &problems)
        for method in type.methods { check(method, "\(type.name):\(method.name)", &problems) }
        for property in type.properties {
          name(property.name, "\(type.name).\(property.name)", &problems)
          if property.summary.isEmpty { problems.append("\(type.name).\(property.name): no description") }
        }
      }
    }
    return problems
  }

  private static func check(_ doc: FunctionDoc, _ title: String, _ problems: inout [String]) {
    let short = doc.name.split(separator: ".").last.map(String.init) ?? doc.name
    name(short, title, &problems)
    summary(title, doc.summary, &problems)
    unique(title, doc.parameters.map(\.name), &problems)
    if doc.example.isEmpty { problems.append("\(title): no example") }
    if doc.parameters.count > 4 { problems.append("\(title): more than four parameters") }
    var optional: String?
    for (index, parameter) in doc.parameters.enumerated() {
      name(parameter.name, "\(title): parameter \(parameter.name)", &problems)
      if parameter.summary.isEmpty {
        problems.append("\(title): parameter '\(parameter.name)' is not described")
      }
      if let optional, !parameter.isOptional {
        problems.append("\(title): '\(parameter.name)' is required but stands after '\(optional)'")
      }
      if parameter.isOptional { optional = parameter.name }
      let last = index == doc.parameters.count - 1
      if parameter.isVariadic && !last {
        problems.append("\(title): '\(parameter.name)' takes the rest but is not last")
      }
      if parameter.name == "options" && !last { problems.append("\(title): 'options' is not last") }
      fields(parameter.fields, title, &problems)
    }
    for result in doc.results where result.summary.isEmpty {
      problems.append("\(title): result '\(result.name)' is not described")
    }
  }

  private static func fields(_ fields: [FieldDoc], _ title: String, _ problems: inout [String]) {
    unique("\(title): options", fields.map(\.name), &problems)
    for field in fields {
      name(field.name, "\(title): option \(field.name)", &problems)
      if field.summary.isEmpty { problems.append("\(title): option '\(field.name)' is not described") }
      self.fields(field.fields, "\(title): \(field.name)", &problems)
    }
  }

  private static func summary(_ title: String, _ text: String, _ problems: inout [String]) {
    if text.isEmpty {
      problems.append("\(title): no summary")
    } else {
      if !text.hasSuffix(".") { problems.append("\(title): the summary does not end with a full stop") }
      if text.count > 100 { problems.append("\(title): the summary has more than 100 characters") }
      if text.dropLast().contains(". ") {
        problems.append("\(title): the summary has more than one sentence")
      }
    }
  }

  private static func name(_ name: String, _ title: String, _ problems: inout [String]) {
    let isSnake = name.first.map { ("a"..."z").contains($0) } ?? false
    let isAllowed = name.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
    if !isSnake || !isAllowed || !LuaText.isName(name) {
      problems.append("\(title): '\(name)' is not snake_case")
    }
  }

  private static func unique(_ title: String, _ names: [String], _ problems: inout [String]) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      problems.append("\(title): '\(name)' is there twice")
    }
  }
}
