import Scripting
import Tensors

struct TensorOptions: LuaOptions {
  var requiresGrad = false
  static let luaName = "TensorOptions"
  static let fields = [
    Field("requires_grad", "whether backward computes a gradient for it", \Self.requiresGrad)
  ]
}

struct NormalOptions: LuaOptions {
  var seed: UInt64 = 0
  var standardDeviation: Float = 1
  var requiresGrad = false
  static let luaName = "NormalOptions"
  static let fields = [
    Field("seed", "the same seed gives the same numbers", \Self.seed),
    Field("standard_deviation", "spread around 0", \Self.standardDeviation),
    Field("requires_grad", "whether backward computes a gradient for it", \Self.requiresGrad),
  ]
}

struct CheckGradientOptions: LuaOptions {
  var epsilon: Float = 0.01
  var tolerance: Float = 0.01
  static let luaName = "CheckGradientOptions"
  static let fields = [
    Field("epsilon", "step of the finite differences", \Self.epsilon),
    Field("tolerance", "largest relative error that counts as agreement", \Self.tolerance),
  ]
}

struct AttentionOptions: LuaOptions {
  var heads: Int?
  var kvHeads: Int?
  var documents: [Int]?
  static let luaName = "AttentionOptions"
  static let fields = [
    Field("heads", "heads of queries", \Self.heads, required: true),
    Field(
      "kv_heads", "heads of keys and values, each for heads / kv_heads heads of queries (heads)",
      \Self.kvHeads),
    Field("documents", "lengths that sum to T (one document)", \Self.documents),
  ]

  func validate() throws {
    if let heads, heads < 1 { throw BadArgument("heads", "at least 1 expected, got \(heads)") }
  }

  func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor) throws -> Tensor {
    guard let heads else { preconditionFailure("required options are read") }
    guard q.shape.count == 2, q.shape[1] > 0, q.shape[1] % heads == 0 else {
      throw BadArgument("q", "shape (T, a multiple of the \(heads) heads) expected, got \(q.shape)")
    }
    return try naming(["kvHeads": "kv_heads"]) {
      try Tensor.attention(
        q: q, k: k, v: v, heads: heads, kvHeads: kvHeads ?? heads, headWidth: q.shape[1] / heads,
        documents: documents ?? (q.shape[0] > 0 ? [q.shape[0]] : []))
    }
  }
}

let tensorModule = LuaModule(
  "yuyan.tensor", "Arrays of 32-bit floats with gradients.",
  [
    LuaFunction(
      "zeros", "Makes a tensor of zeros.", Param<[Int]>("shape", "the length of each axis"),
      Param<TensorOptions>("options", "what it is for"), returns: Returns<Tensor>("x", "the tensor"),
      example: "yy.tensor.zeros({ 2, 3 })"
    ) { shape, options in try filled(0, shape, options) },
    LuaFunction(
      "ones", "Makes a tensor of ones.", Param<[Int]>("shape", "the length of each axis"),
      Param<TensorOptions>("options", "what it is for"), returns: Returns<Tensor>("x", "the tensor"),
      example: "yy.tensor.ones({ 2, 3 })"
    ) { shape, options in try filled(1, shape, options) },
    LuaFunction(
      "normal", "Draws normally distributed numbers around 0.",
      Param<[Int]>("shape", "the length of each axis"),
      Param<NormalOptions>("options", "seed and spread"), returns: Returns<Tensor>("x", "the tensor"),
      example: "yy.tensor.normal({ 2, 3 }, { seed = 1 })"
    ) { shape, options in try normal(shape, options) },
    LuaFunction(
      "concatenate", "Puts tensors one after the other along an axis.",
      Param<[Tensor]>("tensors", "equal in their other axes"),
      Param<Int>("axis", "from 1, or from -1 backwards", default: 1),
      returns: Returns<Tensor>("y", "the whole"), example: "yy.tensor.concatenate({ a, b }, 1)"
    ) { tensors, axis in try concatenated(tensors, axis) },
    LuaFunction(
      "attention", "Causal attention inside each document of a row of tokens; memory grows with its length.",
      Param<Tensor>("q", "queries (T, heads * width)"), Param<Tensor>("k", "keys (T, kv_heads * width)"),
      Param<Tensor>("v", "values (T, kv_heads * width)"),
      Param<AttentionOptions>("options", "heads and documents"),
      returns: Returns<Tensor>("out", "(T, heads * width)"),
      example: "yy.tensor.attention(q, k, v, { heads = 12 })"
    ) { q, k, v, options in try options.attend(q, k, v) },
    LuaFunction(
      "check_gradient", "Compares the gradient of a function with finite differences.",
      Param<LuaCallback>("f", "takes the inputs, gives a tensor"), Param<[Tensor]>("inputs", "small tensors"),
      Param<CheckGradientOptions>("options", "step and tolerance"),
      returns: Returns<Bool>("agrees", "whether all gradients agree"),
      Returns<String>("report", "where the largest difference is"),
      example:
        "yy.tensor.check_gradient(function(x) return (x * x):sum() end, { yy.tensor({ 1, 2 }) })  --> true"
    ) { f, inputs, options in try gradientAgrees(f, inputs, options) },
  ],
  call: LuaFunction(
    "tensor", "Makes a tensor from numbers in nested tables.",
    Param<NestedNumbers>("values", "a number, or tables of equal lengths"),
    Param<TensorOptions>("options", "what it is for"), returns: Returns<Tensor>("x", "the tensor"),
    example: "yy.tensor({ { 1, 2 }, { 3, 4 } }, { requires_grad = true })"
  ) { numbers, options in try made(numbers, options) },
  classes: [Tensor.luaClass])

private func made(_ numbers: NestedNumbers, _ options: TensorOptions) throws -> Tensor {
  let tensor = try Tensor(numbers.values, shape: numbers.shape)
  tensor.requiresGrad = options.requiresGrad
  return tensor
}

private func filled(_ value: Float, _ shape: [Int], _ options: TensorOptions) throws -> Tensor {
  let tensor = try Tensor.allocate(shape, op: "tensor")
  tensor.fill(value)
  tensor.requiresGrad = options.requiresGrad
  return tensor
}

private func normal(_ shape: [Int], _ options: NormalOptions) throws -> Tensor {
  _ = try Tensor.allocate(shape, op: "normal")
  let tensor = Tensor.normal(
    shape, standardDeviation: options.standardDeviation, key: RandomKey(seed: options.seed, "tensor.normal"))
  tensor.requiresGrad = options.requiresGrad
  return tensor
}

private func concatenated(_ tensors: [Tensor], _ axis: Int) throws -> Tensor {
  guard let first = tensors.first else { throw BadArgument("tensors", "at least one tensor expected") }
  return try Tensor.concatenated(tensors, axis: first.axis(axis, of: "concatenate"))
}

private func gradientAgrees(
  _ f: LuaCallback, _ inputs: [Tensor], _ options: CheckGradientOptions
) throws -> (Bool, String) {
  let check = try checkGradient(inputs: inputs, epsilon: options.epsilon) { tensors in
    try f.callForTensor(tensors)
  }
  return (check.relativeError <= options.tolerance, check.description)
}

extension LuaCallback {
  /// Calls with tensors, and reads the tensor it must return.
  func callForTensor(_ arguments: [Tensor]) throws -> Tensor {
    let results = try call(arguments)
    guard let reference = results.first?.referenceValue, let tensor = try? reference.read(as: Tensor.self)
    else {
      throw BadArgument(
        label ?? "f", "a function that returns a tensor expected; it returned \(typeName(results))")
    }
    return tensor
  }
}

private func typeName(_ results: [LuaAny]) -> String {
  guard let first = results.first else { return "nothing" }
  return "\(first.kind)"
}

extension LuaReference {
  /// The value as a Swift type.
  func read<Value: LuaValue>(as type: Value.Type) throws -> Value {
    let state = try state()
    try state.reserve(4)
    try push(to: state)
    defer { state.pop() }
    return try Value.read(state, at: -1)
  }
}
