public import Scripting
public import Tensors

/// An operand of `+`, `-`, `*`, `/` in Lua: a tensor or a number.
typealias Operand = Either<Tensor, Float>

extension Tensor: LuaValue {}
extension Tensor: LuaObject {
  public static let luaClass = LuaClass<Tensor>(
    "Tensor", "An array of 32-bit floats that can record how it was computed.", closable: true,
    properties + operators + elementwise + reductions + shapes + products)

  private static let properties: [LuaMember<Tensor>] = [
    .property("shape", "The length of each axis.") { $0.shape },
    .property("requires_grad", "Whether backward computes a gradient for it.") { $0.requiresGrad },
    .setter("requires_grad") { (x: Tensor, value: Bool) in x.requiresGrad = value },
    .property("grad", "The gradient that backward summed here, or nil.") { $0.grad },
    .length { x in x.shape.first ?? 0 },
    .text { $0.description },
    .method(
      "item", "Gives the only element.", returns: Returns<Float>("value", "a number"),
      example: "yy.tensor({ 2 }):sum():item()  --> 2.0"
    ) { x in try x.item() },
    .method(
      "to_table", "Copies the elements into nested tables.",
      returns: Returns<NestedNumbers>("values", "one table an axis"),
      example: "yy.tensor({ { 1, 2 } }):to_table()[1][2]  --> 2.0"
    ) { x in NestedNumbers(x) },
    .method(
      "backward", "Adds gradients to every tensor that requires one and was part of the computation.",
      Param<Tensor?>("gradient", "the gradient of the result; may be left out for a single number"),
      example: "(x * x):sum():backward()"
    ) { x, gradient in try x.backward(gradient: gradient) },
    .method("zero_grad", "Forgets the gradient.", example: "x:zero_grad()") { x in x.zeroGrad() },
    .method(
      "detach", "Gives the same values without their history.",
      returns: Returns<Tensor>("y", "shares memory"),
      example: "x:detach()"
    ) { x in x.detached() },
    .method(
      "copy", "Copies the values.", returns: Returns<Tensor>("y", "own memory, no history"),
      example: "x:copy()"
    ) {
      x in x.copy()
    },
  ]

  private static let operators: [LuaMember<Tensor>] = [
    .binary(.add) { (a: Operand, b: Operand) in
      try combine(a, b, { try $0 + $1 }, { try $0 + $1 }, { try $0 + $1 })
    },
    .binary(.subtract) { (a: Operand, b: Operand) in
      try combine(a, b, { try $0 - $1 }, { try $0 - $1 }, { try $0 - $1 })
    },
    .binary(.multiply) { (a: Operand, b: Operand) in
      try combine(a, b, { try $0 * $1 }, { try $0 * $1 }, { try $0 * $1 })
    },
    .binary(.divide) { (a: Operand, b: Operand) in
      try combine(a, b, { try $0 / $1 }, { try $0 / $1 }, { try $0 / $1 })
    },
    .binary(.power) { (a: Tensor, b: Float) in try a.pow(b) },
    .negated { x in try x.negated() },
  ]

  private static func combine(
    _ a: Operand, _ b: Operand, _ both: (Tensor, Tensor) throws -> Tensor,
    _ right: (Tensor, Float) throws -> Tensor,
    _ left: (Float, Tensor) throws -> Tensor
  ) throws -> Tensor {
    switch (a, b) {
    case (.first(let a), .first(let b)): try both(a, b)
    case (.first(let a), .second(let b)): try right(a, b)
    case (.second(let a), .first(let b)): try left(a, b)
    case (.second, .second): preconditionFailure("Lua calls a tensor's operator with a tensor")
    }
  }

  private static func unary(
    _ name: String, _ summary: String, _ body: @escaping @Sendable (Tensor) throws -> Tensor
  ) -> LuaMember<Tensor> {
    .method(name, summary, returns: Returns<Tensor>("y", "same shape"), example: "x:\(name)()", body: body)
  }

  private static let elementwise: [LuaMember<Tensor>] = [
    unary("exp", "e to the power of each element.") { x in try x.exp() },
    unary("log", "The natural logarithm of each element.") { x in try x.log() },
    unary("sqrt", "The square root of each element.") { x in try x.sqrt() },
    unary("tanh", "The hyperbolic tangent of each element.") { x in try x.tanh() },
    unary("sigmoid", "1 / (1 + exp(-x)) of each element.") { x in try x.sigmoid() },
    unary("silu", "x * sigmoid(x) of each element.") { x in try x.silu() },
    unary("relu", "The larger of each element and 0.") { x in try x.relu() },
    unary("softmax", "Exponentials of each row, scaled to sum to 1.") { x in try x.softmax() },
    unary("log_softmax", "The logarithm of softmax, computed without overflow.") { x in try x.logSoftmax() },
    .method(
      "pow", "Each element to a power.", Param<Float>("exponent", "the power"),
      returns: Returns<Tensor>("y", "same shape"), example: "x:pow(2)"
    ) { x, exponent in try x.pow(exponent) },
  ]

  private static let reductions: [LuaMember<Tensor>] = [
    .method(
      "sum", "Adds all elements, or those along an axis.",
      Param<Int?>("axis", "from 1, or from -1 backwards"),
      returns: Returns<Tensor>("y", "a single number, or one axis less"), example: "x:sum(1)"
    ) { x, axis in try axis.map { try x.sum(axis: x.axis($0, of: "sum")) } ?? x.sum() },
    .method(
      "mean", "The mean of all elements, or of those along an axis.",
      Param<Int?>("axis", "from 1, or from -1 backwards"),
      returns: Returns<Tensor>("y", "a single number, or one axis less"), example: "x:mean(-1)"
    ) { x, axis in try axis.map { try x.mean(axis: x.axis($0, of: "mean")) } ?? x.mean() },
    .method(
      "max", "The largest of all elements, or of those along an axis.",
      Param<Int?>("axis", "from 1, or from -1 backwards"),
      returns: Returns<Tensor>("y", "a single number, or one axis less"), example: "x:max(1)"
    ) { x, axis in try axis.map { try x.max(axis: x.axis($0, of: "max")) } ?? x.max() },
  ]

  private static let shapes: [LuaMember<Tensor>] = [
    .method(
      "reshape", "The same elements under another shape.", Param<[Int]>("shape", "lengths; one may be -1"),
      returns: Returns<Tensor>("y", "shares memory"), example: "x:reshape({ 2, -1 })"
    ) { x, shape in try x.reshape(shape) },
    .method(
      "transpose", "Exchanges the last two axes.", returns: Returns<Tensor>("y", "(..., columns, rows)"),
      example: "x:transpose()"
    ) { x in try x.transposed() },
    .method(
      "rows", "The rows from first to last, counted from 1 or from -1 backwards.",
      Param<Int>("first", "first row"),
      Param<Int>("last", "last row", default: -1), returns: Returns<Tensor>("y", "shares memory"),
      example: "x:rows(2, 3)"
    ) { x, first, last in try x.rows(x.range(first, last)) },
    .method(
      "gather", "The rows of the given token ids.",
      Param<[Int32]>("ids", "rows counted from 0, as token ids are"),
      returns: Returns<Tensor>("y", "(ids, columns)"), example: "x:gather({ 0, 2 })"
    ) { x, ids in try x.gather(ids) },
  ]

  private static let products: [LuaMember<Tensor>] = [
    .method(
      "matmul", "The matrix product.", Param<Tensor>("other", "(k, n)"),
      returns: Returns<Tensor>("y", "(m, n)"),
      example: "x:matmul(x)"
    ) { x, other in try x.matmul(other) },
    .method(
      "cross_entropy", "The mean negative log-likelihood of target ids under rows of logits, in nats.",
      Param<[Int32]>("targets", "one id a row, from 0; -1 leaves the row out"),
      returns: Returns<Tensor>("loss", "a single number"), example: "logits:cross_entropy({ 3, 1 })"
    ) { x, targets in try x.crossEntropy(targets: targets) },
    .method(
      "rms_norm", "Scales each row to unit root-mean-square, then by weight.",
      Param<Tensor>("weight", "(columns)"),
      Param<Float>("eps", "added to the mean square", default: 1e-6),
      returns: Returns<Tensor>("y", "same shape"),
      example: "x:rms_norm(yy.tensor.ones({ 2 }))"
    ) { x, weight, eps in try x.rmsNorm(weight: weight, eps: eps) },
  ]

  /// A Lua axis (from 1, or from -1 backwards) as an index.
  func axis(_ axis: Int, of op: String) throws -> Int {
    let index = axis > 0 ? axis - 1 : shape.count + axis
    guard axis != 0, shape.indices.contains(index) else {
      throw TensorError(
        op: op, argument: "axis", reason: "1 to \(shape.count) or -\(shape.count) to -1 expected, got \(axis)"
      )
    }
    return index
  }

  private func range(_ first: Int, _ last: Int) throws -> Range<Int> {
    let rows = shape.first ?? 0
    let start = first > 0 ? first - 1 : rows + first
    let end = last > 0 ? last : rows + last + 1
    guard first != 0, start >= 0, start <= end, end <= rows else {
      throw TensorError(
        op: "rows", argument: "first", reason: "rows within 1 to \(rows) expected, got \(first) to \(last)")
    }
    return start..<end
  }
}
