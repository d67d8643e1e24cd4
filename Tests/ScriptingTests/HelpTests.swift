import Files
import Scripting
import Testing

@Suite struct HelpTests {
  @Test func functionsShowTheirDeclaration() {
    let doc = demoModule.documentation.functions[0]
    #expect(
      HelpText.text(doc) == """
        demo.scale(x [, by]) -> y

        Multiplies.

          x   number  a number
          by  number  factor (default 2)

        Returns
          y  number  x * by

        Example
          demo.scale(2)  --> 4
        """)
  }

  @Test func optionsShowTheirFields() {
    let doc = demoModule.documentation.functions[2]
    #expect(
      HelpText.text(doc) == """
        demo.generate(prompt [, options]) -> text

        Continues a prompt.

          prompt         string               text to continue
          options        GenerateOptions      sampling options
            max_tokens   integer              upper bound on new tokens (default 128)
            temperature  number               0 picks the likeliest token (default 1)
            reduction    'mean'|'sum'|'none'  how losses combine (default "mean")
            rate         number|function      a number, or a function of the step
                                              (default 0.5)
            inner        Inner                settings of the optimizer
              decay      number               of weights (default 0.01)
            stops        string[]             texts that end it (default {})

        Returns
          text  string  the continuation

        Example
          demo.generate('a', { max_tokens = 1 })
        """)
  }

  @Test(
    "help finds values and names",
    arguments: [
      ("demo.scale", "demo.scale(x [, by]) -> y"), ("demo(1)", "class Counter"),
      ("demo(1).add", "Counter:add([n]) -> count"),
      ("demo", "module yuyan.demo"), ("'demo'", "module yuyan.demo"),
      ("'yy.demo.scale'", "demo.scale(x [, by]) -> y"),
      ("'Counter:add'", "Counter:add([n]) -> count"), ("'add'", "Counter:add([n]) -> count"),
      ("'demo.scael'", "nothing is known of 'demo.scael'; did you mean 'demo.scale'?"),
      ("7", "nothing is known of this number"), ("", "Modules"),
    ])
  func finds(_ what: String, _ firstLine: String) throws {
    try withLua { (lua) throws in
      let source = "local text print = function(s) text = s end help(\(what)) return text"
      #expect(try lua.eval(source).split(separator: "\n").first.map(String.init) == firstLine)
    }
  }

  @Test func luaFunctionsAreDescribedByTheirComment() throws {
    try withLua { (lua) throws in
      let source = """
        local m = {}
        --- Scales a list.
        ---@param list number[] what to scale
        ---@param by? number factor
        ---@return number[] scaled a new list
        --- Example: `m.scale({ 1 }, 2)`
        function m.scale(list, by) end
        local text print = function(s) text = s end
        help(m.scale)
        return text
        """
      lua.sourceOfChunk = { $0 == "@test.lua" ? source : nil }
      #expect(
        try lua.eval(source) == """
          m.scale(list [, by]) -> scaled

          Scales a list.

            list  number[]  what to scale
            by    number    factor

          Returns
            scaled  number[]  a new list

          Example
            m.scale({ 1 }, 2)
          """)
    }
  }

  @Test func annotationsAreLuaCATS() {
    var module = demoModule.documentation
    module.functions = [module.functions[0], module.functions[4]]
    module.classes[0].methods = [module.classes[0].methods[0]]
    #expect(
      Annotations.text(module) == """
        ---@meta yuyan.demo
        -- Written from the declarations by `RECORD=1 scripts/test`.

        ---@class MixPart
        ---@field [1] Counter where it comes from
        ---@field weight? number its share (default 1)

        ---@class MixOptions
        ---@field [integer] MixPart streams with weights
        ---@field seed integer of the draw

        ---Counts things.
        ---@class Counter
        ---@field count integer How many were added.
        ---@field limit integer? Where counting ends.
        ---@operator len: integer
        ---@field [integer] integer? The n-th number.
        ---@overload fun(n: integer): integer
        ---@operator add: Counter
        ---@operator unm: Counter
        local Counter = {}

        ---Adds n.
        ---```lua
        ---c:add(2)  --> 2
        ---```
        ---@param n? integer how many (default 1)
        ---@return integer count so far
        function Counter:add(n) end

        ---Shows how declarations work.
        ---@overload fun(start: integer): Counter
        ---@field version string The version.
        local demo = {}

        ---Multiplies.
        ---```lua
        ---demo.scale(2)  --> 4
        ---```
        ---@param x number a number
        ---@param by? number factor (default 2)
        ---@return number y x * by
        function demo.scale(x, by) end

        ---Weighs counters.
        ---```lua
        ---demo.mix { { demo.counter(2), weight = 3 }, seed = 1 }
        ---```
        ---@param options MixOptions what to mix
        ---@return number weight the sum
        function demo.mix(options) end

        return demo

        """)
  }

  @Test func theInterfaceIsJSONToo() throws {
    let json = ApiDoc(modules: [demoModule.documentation]).json
    #expect(json["version"] == .integer(1))
    let scale = try #require(json["modules"]?.arrayValue?.first?["functions"]?.arrayValue?.first)
    #expect(
      scale.text(indent: nil, sortedKeys: false).filter { $0 != " " } == """
        {"name":"demo.scale","summary":"Multiplies.","parameters":[{"name":"x","summary":"anumber","type":"number"},\
        {"name":"by","summary":"factor","type":"number","optional":true,"default":"2"}],\
        "results":[{"name":"y","summary":"x*by","type":"number"}],"example":"demo.scale(2)-->4"}
        """)
  }

  @Test func lintFindsWhatIsMissing() {
    #expect(DeclarationLint.problems(in: [demoModule.documentation]) == [])
    let bad = LuaModule(
      "yuyan.bad", "Has no full stop",
      [
        LuaFunction(
          "badName", "Does. Something.", Param<Int?>("a", "first"), Param<Int>("b", ""), example: ""
        ) { _, _ in }
      ])
    #expect(
      DeclarationLint.problems(in: [bad.documentation]) == [
        "yuyan.bad: the summary does not end with a full stop", "bad.badName: 'badName' is not snake_case",
        "bad.badName: the summary has more than one sentence", "bad.badName: no example",
        "bad.badName: parameter 'b' is not described", "bad.badName: 'b' is required but stands after 'a'",
      ])
  }
}
