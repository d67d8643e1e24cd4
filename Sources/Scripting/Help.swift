/// `help(x)` for functions, methods, modules, classes, instances and names.
enum Help {
  static func run(_ state: LuaState) throws -> Int32 { 0 }
}
