import Files
import Scripting

struct JSONTextOptions: LuaOptions {
  var indent: Int?
  var sorted = false
  static let luaName = "JSONTextOptions"
  static let fields = [
    Field("indent", "spaces a level; without it everything stands on one line", \Self.indent),
    Field("sorted", "whether keys are sorted (those of Lua tables always are)", \Self.sorted),
  ]
}

let jsonModule = LuaModule(
  "yuyan.json", "JSON text and Lua tables.",
  [
    LuaFunction(
      "encode", "Writes a value as JSON.",
      Param<JSON>("value", "what to write; a table with keys 1 to n is an array, an empty one an object"),
      Param<JSONTextOptions>("options", "how to lay it out"),
      returns: Returns<String>("text", "JSON, non-ASCII characters as they are"),
      example: "yy.json.encode({ steps = 3 })  --> {\"steps\": 3}"
    ) { value, options in value.text(indent: options.indent, sortedKeys: options.sorted) },
    LuaFunction(
      "decode", "Reads JSON.",
      Param<String>("text", "one JSON value"),
      returns: Returns<JSON>("value", "null becomes nil"),
      example: "yy.json.decode('[1, 2]')[2]  --> 2"
    ) { text in try JSON.parse(text) },
  ])
