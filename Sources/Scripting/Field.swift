/// One option of a `LuaOptions` struct, and the only description of it.
public struct Field<Root: LuaOptions>: Sendable {
  public let name: String
  public let summary: String
  public let isRequired: Bool
  let place: FieldDoc.Place
  let documentation: @Sendable () -> FieldDoc
  /// Reads the value at an index of the stack (for a list: the whole table there) into the struct.
  let read: @Sendable (inout Root, LuaState, Int32) throws -> Void
  /// Writes the value into the table on top of the stack.
  let write: @Sendable (Root, LuaState) throws -> Void

  /// An option under its name: `{ max_tokens = 10 }`.
  public init<Value: LuaValue>(
    _ name: String, _ summary: String, _ path: any WritableKeyPath<Root, Value> & Sendable,
    required: Bool = false
  ) {
    self.init(name, summary, place: .name, required: required, path)
  }

  /// The n-th positional element: the stream in `{ stream, weight = 0.7 }`.
  public init<Value: LuaValue>(
    element n: Int, _ name: String, _ summary: String, _ path: any WritableKeyPath<Root, Value> & Sendable,
    required: Bool = true
  ) {
    self.init(name, summary, place: .element(n), required: required, path)
  }

  /// All positional elements: the files in `{ "a.txt", "b.txt", field = "text" }`.
  public init<Element: LuaValue>(
    list name: String, _ summary: String, _ path: any WritableKeyPath<Root, [Element]> & Sendable,
    required: Bool = false
  ) {
    self.name = name
    self.summary = summary
    isRequired = required
    place = .list
    documentation = {
      FieldDoc(
        name: name, summary: summary, type: [Element].luaType, place: .list, isRequired: required,
        defaultText: nil,
        fields: Element.optionFields, choices: Element.choices,
        optionsName: Element.optionFields.isEmpty ? nil : Element.luaType)
    }
    read = { root, state, index in
      let elements = try [Element].read(state, at: index)
      if elements.isEmpty && required { throw ValueFault(ArgumentError.emptyList(name)) }
      if !elements.isEmpty { root[keyPath: path] = elements }
    }
    write = { root, state in
      for (n, element) in root[keyPath: path].enumerated() {
        try element.push(to: state)
        try state.rawSet(n + 1, into: -2)
      }
    }
  }

  private init<Value: LuaValue>(
    _ name: String, _ summary: String, place: FieldDoc.Place, required: Bool,
    _ path: any WritableKeyPath<Root, Value> & Sendable
  ) {
    self.name = name
    self.summary = summary
    self.place = place
    isRequired = required
    documentation = {
      let fields = Value.optionFields
      return FieldDoc(
        name: name, summary: summary, type: Value.luaType, place: place, isRequired: required,
        defaultText: required || !fields.isEmpty ? nil : Root()[keyPath: path].luaLiteral, fields: fields,
        choices: Value.choices, optionsName: fields.isEmpty ? nil : Value.luaType)
    }
    read = { root, state, index in
      do {
        root[keyPath: path] = labelled(try Value.read(state, at: index), name)
      } catch let fault as ValueFault {
        throw ValueFault(ArgumentError.option(name, fault.reason))
      }
    }
    write = { root, state in
      let value = root[keyPath: path]
      try value.push(to: state)
      if case .element(let n) = place {
        try state.rawSet(n, into: -2)
      } else {
        try state.rawSet(name, into: -2)
      }
    }
  }

  var missing: String {
    if case .element(let n) = place { return ArgumentError.missingElement(n, name) }
    return ArgumentError.missingOption(name)
  }
}

/// Values that hold callbacks let them know what the user called them.
protocol Labelled {
  func with(label: String) -> Self
}

func labelled<Value>(_ value: Value, _ label: String) -> Value {
  guard let holder = value as? any Labelled, let result = holder.with(label: label) as? Value else {
    return value
  }
  return result
}

extension LuaCallback: Labelled {
  func with(label: String) -> LuaCallback { LuaCallback(reference, label: self.label ?? label) }
}

extension Optional: Labelled where Wrapped: Labelled {
  func with(label: String) -> Wrapped? { self?.with(label: label) }
}

extension Either: Labelled {
  func with(label: String) -> Either {
    switch self {
    case .first(let value): .first(labelled(value, label))
    case .second(let value): .second(labelled(value, label))
    }
  }
}
