import Scripting
import Testing

/// Declarations as an author of the library writes them.
final class Counter: CustomStringConvertible {
  var count: Int
  var limit: Int?
  init(_ count: Int) { self.count = count }
  func add(_ n: Int) -> Int {
    count += n
    return count
  }
  var description: String { "Counter at \(count)" }
}

struct Misfit: ArgumentFault, CustomStringConvertible {
  var argument, reason: String
  var description: String { "misfit: \(argument): \(reason)" }
}

extension Counter: LuaObject {
  static let luaClass = LuaClass<Counter>(
    "Counter", "Counts things.", closable: true,
    [
      .method(
        "add", "Adds n.", Param<Int>("n", "how many", default: 1), returns: Returns<Int>("count", "so far"),
        example: "c:add(2)  --> 2"
      ) { $0.add($1) },
      .method("fail", "Fails.", Param<Int>("weight", "unused"), example: "c:fail(1)") { try $0.fail($1) },
      .method(
        "stream", "Counts down.", returns: Returns<LuaIterator<Int>>("numbers", "for a loop"),
        example: "for n in c:stream() do print(n) end"
      ) { $0.stream() },
      .method(
        "each", "Calls f with each number.", Param<LuaCallback>("f", "gets a number"),
        example: "c:each(print)"
      ) {
        try $0.each($1)
      },
      .property("count", "How many were added.") { $0.count },
      .property("limit", "Where counting ends.") { $0.limit },
      .setter("limit") { $0.limit = $1 },
      .length { $0.count },
      .index("The n-th number.") { (counter: Counter, n: Int) in counter.item(n) },
      .call("Adds.", Param<Int>("n", "how many"), returns: Returns<Int>("count", "so far"), example: "c(2)") {
        $0.add($1)
      },
      .binary(.add) { (a: Either<Counter, Int>, b: Either<Counter, Int>) in Counter.sum(a, b) },
      .negated { Counter(-$0.count) },
    ])

  func fail(_ n: Int) throws { throw Misfit(argument: "weight", reason: "shape [1] expected, got [\(n)]") }
  func item(_ n: Int) -> Int? { (1...count).contains(n) ? n * 10 : nil }
  func stream() -> LuaIterator<Int> {
    var n = count + 1
    return LuaIterator {
      n -= 1
      return n > 0 ? n : nil
    }
  }
  func each(_ f: LuaCallback) throws { for n in 1...count { try f.run(n) } }
  static func sum(_ a: Either<Counter, Int>, _ b: Either<Counter, Int>) -> Counter {
    func value(_ x: Either<Counter, Int>) -> Int {
      switch x {
      case .first(let counter): counter.count
      case .second(let number): number
      }
    }
    return Counter(value(a) + value(b))
  }
}

enum Reduction: String, LuaChoice { case mean, sum, none }

struct Inner: LuaOptions {
  var decay = 0.01
  static let luaName = "Inner"
  static let fields: [Field<Self>] = [Field("decay", "of weights", \.decay)]
}

struct GenerateOptions: LuaOptions {
  var maxTokens = 128, temperature = 1.0
  var reduction = Reduction.mean
  var rate: Either<Double, LuaCallback> = .first(0.5)
  var inner = Inner()
  var stops: [String] = []
  static let luaName = "GenerateOptions"
  static let fields: [Field<Self>] = [
    Field("max_tokens", "upper bound on new tokens", \.maxTokens),
    Field("temperature", "0 picks the likeliest token", \.temperature),
    Field("reduction", "how losses combine", \.reduction),
    Field("rate", "a number, or a function of the step", \.rate),
    Field("inner", "settings of the optimizer", \.inner),
    Field("stops", "texts that end it", \.stops),
  ]
  func validate() throws {
    if maxTokens < 1 { throw BadArgument("max_tokens", "at least 1 expected, got \(maxTokens)") }
  }
}

struct MixPart: LuaOptions {
  var counter: Counter?
  var weight = 1.0
  static let luaName = "MixPart"
  static let fields: [Field<Self>] = [
    Field(element: 1, "counter", "where it comes from", \.counter), Field("weight", "its share", \.weight),
  ]
}

struct MixOptions: LuaOptions {
  var parts: [MixPart] = []
  var seed: Int?
  static let luaName = "MixOptions"
  static let fields: [Field<Self>] = [
    Field(list: "parts", "streams with weights", \.parts, required: true),
    Field("seed", "of the draw", \.seed, required: true),
  ]
  var weight: Double { parts.reduce(0) { $0 + $1.weight * Double($1.counter?.count ?? 0) } }
}

enum Bodies {
  static func generate(_ prompt: String, _ options: GenerateOptions) throws -> String {
    var rate = 0.0
    switch options.rate {
    case .first(let value): rate = value
    case .second(let f): rate = try f.call(1, returning: Double.self)
    }
    return "\(prompt) \(options.maxTokens) \(options.reduction.rawValue) \(rate) \(options.inner.decay)"
  }
  static func sum(_ numbers: [Double]) -> Double { numbers.reduce(0, +) }
  static func plain() throws { throw FilesMissing() }
}

struct FilesMissing: Error, CustomStringConvertible {
  var description: String { "a.txt: no such file" }
}

let demoModule = LuaModule(
  "yuyan.demo", "Shows how declarations work.",
  [
    LuaFunction(
      "scale", "Multiplies.", Param<Double>("x", "a number"), Param<Double>("by", "factor", default: 2),
      returns: Returns<Double>("y", "x * by"), example: "demo.scale(2)  --> 4"
    ) { x, by in x * by },
    LuaFunction("nop", "Does nothing.", example: "demo.nop()") {},
    LuaFunction(
      "generate", "Continues a prompt.", Param<String>("prompt", "text to continue"),
      Param<GenerateOptions>("options", "sampling options"),
      returns: Returns<String>("text", "the continuation"),
      example: "demo.generate('a', { max_tokens = 1 })"
    ) { try Bodies.generate($0, $1) },
    LuaFunction(
      "counter", "Makes a counter.", Param<Int32>("start", "first value", default: 0),
      returns: Returns<Counter>("counter", "a new one"), example: "demo.counter(3)"
    ) { Counter(Int($0)) },
    LuaFunction(
      "mix", "Weighs counters.", Param<MixOptions>("options", "what to mix"),
      returns: Returns<Double>("weight", "the sum"),
      example: "demo.mix { { demo.counter(2), weight = 3 }, seed = 1 }"
    ) { $0.weight },
    LuaFunction(
      "sum", "Adds.", Param<LuaMany<Double>>("numbers", "what to add"),
      returns: Returns<Double>("sum", "of all"),
      example: "demo.sum(1, 2)  --> 3"
    ) { Bodies.sum($0.elements) },
    LuaFunction(
      "halves", "Splits a list.", Param<[Int]>("list", "numbers"),
      returns: Returns<[Int]>("head", "first half"),
      Returns<[Int]>("tail", "second half"), example: "demo.halves { 1, 2 }"
    ) { (Array($0.prefix($0.count / 2)), Array($0.dropFirst($0.count / 2))) },
    LuaFunction("plain", "Fails without an argument.", example: "demo.plain()") { try Bodies.plain() },
    LuaFunction(
      "apply", "Calls f.", Param<LuaCallback>("f", "a function"),
      Param<LuaMany<LuaAny>>("arguments", "its arguments"),
      returns: Returns<LuaMany<LuaAny>>("results", "what f gave"), example: "demo.apply(print, 1)"
    ) { LuaMany(try $0.call($1.elements)) },
    LuaFunction(
      "bytes", "Counts bytes.", Param<LuaBytes>("text", "any bytes"),
      returns: Returns<Int>("count", "how many"),
      example: "demo.bytes('a')  --> 1"
    ) { $0.bytes.count },
  ],
  call: LuaFunction(
    "demo", "Makes a counter.", Param<Int>("start", "first value"),
    returns: Returns<Counter>("counter", "a new one"),
    example: "demo(3)"
  ) { Counter($0) },
  constants: [LuaConstant("version", "The version.") { "1.0" }], classes: [Counter.luaClass])

/// Runs `body` with an interpreter that knows `demo`, and expects that nothing is left when it is closed.
func withLua(_ body: (Interpreter) throws -> Void) throws {
  let lua = try Interpreter()
  try lua.preload("yuyan.demo") { demoModule }
  try lua.run("demo = require 'yuyan.demo'")
  try body(lua)
  #expect(lua.close() == 0)
}

extension Interpreter {
  /// The results of a chunk as text, separated by spaces.
  func eval(_ source: String) throws -> String {
    try run(source, name: "@test.lua").map { value in
      let state = state, base = state.top
      defer { state.top = base }
      try value.push(to: state)
      return try state.description(at: -1)
    }.joined(separator: " ")
  }

  /// The message of the error that a chunk raises.
  func message(_ source: String) throws -> String {
    do {
      return "no error: \(try eval(source))"
    } catch let error as LuaError { return error.message }
  }
}
