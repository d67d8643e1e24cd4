extension Field {
  /// The same option as part of a larger table of options: the struct that holds it is a property of another one.
  ///
  /// - Parameter required: whether the larger table must have it; as in the smaller one unless given.
  public func nested<Outer: LuaOptions>(
    in path: any WritableKeyPath<Outer, Root> & Sendable, required: Bool? = nil
  ) -> Field<Outer> {
    let read = read, write = write, documentation = documentation
    let isRequired = required ?? isRequired
    return Field<Outer>(
      name: name, summary: summary, isRequired: isRequired, place: place,
      documentation: {
        var field = documentation()
        field.isRequired = isRequired
        return field
      },
      read: { outer, state, index in try read(&outer[keyPath: path], state, index) },
      write: { outer, state in try write(outer[keyPath: path], state) })
  }

  fileprivate init(
    name: String, summary: String, isRequired: Bool, place: FieldDoc.Place,
    documentation: @escaping @Sendable () -> FieldDoc,
    read: @escaping @Sendable (inout Root, LuaState, Int32) throws -> Void,
    write: @escaping @Sendable (Root, LuaState) throws -> Void
  ) {
    self.name = name
    self.summary = summary
    self.isRequired = isRequired
    self.place = place
    self.documentation = documentation
    self.read = read
    self.write = write
  }
}
