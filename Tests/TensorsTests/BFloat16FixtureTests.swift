import TestSupport
import Testing

@testable import Tensors

/// Values and gradients of the operations on bf16 numbers, against PyTorch (scripts/fixtures/bfloat16.py).
///
/// Each is compared with float64 sums of operands rounded to bf16 and with PyTorch's own bf16 operations, within the
/// tolerances that the fixture states for the two.
@Suite struct BFloat16FixtureTests {
  private static func cases(_ op: String) throws -> [Fixture] {
    try Fixture.load("bfloat16", in: .module).filter { try $0.text("op") == op }
  }

  /// How close to float64: where f32 products stand in for those of bf16, intermediate operands are not rounded.
  private func tolerance(_ fixture: Fixture) throws -> Float {
    let isRounded = try MatrixProducts.current.multipliesBFloat16
    return Float(try fixture.number(isRounded ? "tolerance" : "torchTolerance"))
  }

  /// The inputs, those named in `halves` as bf16.
  private func inputs(_ fixture: Fixture, _ names: [String], halves: [String]) throws -> [Tensor] {
    try names.map { name in
      let floats = try fixture.tensor(name)
      guard halves.contains(name) else { return floats }
      let typed = floats.converted(to: .bf16)
      try #require(typed.values == floats.values, "\(name) holds numbers of bf16")
      return typed
    }
  }

  private func compare(_ tensor: Tensor, _ name: String, _ fixture: Fixture) throws {
    #expect(tensor.values.contains { $0 != 0 }, "\(name)")
    #expect(try tensor.isClose(to: fixture.tensor(name), relative: tolerance(fixture)), "\(name)")
    let loose = Float(try fixture.number("torchTolerance"))
    #expect(try tensor.isClose(to: fixture.tensor("torch_" + name), relative: loose), "\(name) of PyTorch")
  }

  /// Runs `f` on the inputs, then backward from the fixture's `dout`, and compares everything.
  ///
  /// Frozen as bf16, the tensors named in `weights` change no bit of the others' gradients.
  private func check(
    _ fixture: Fixture, _ names: [String], halves: [String] = [], weights: [String] = [], result: DataType,
    _ f: ([Tensor]) throws -> Tensor
  ) throws {
    func run(_ halves: [String], frozen: [String]) throws -> (out: Tensor, gradients: [String: Tensor]) {
      let inputs = try inputs(fixture, names, halves: halves)
      for (name, input) in zip(names, inputs) { input.requiresGrad = !frozen.contains(name) }
      let out = try f(inputs)
      try out.backward(gradient: fixture.tensor("dout"))
      let pairs = zip(names, inputs).compactMap { name, input in input.grad.map { (name, $0) } }
      return (out, Dictionary(uniqueKeysWithValues: pairs))
    }
    let (out, gradients) = try run(halves, frozen: [])
    #expect(out.dataType == result)
    try compare(out, "out", fixture)
    for name in names { try compare(#require(gradients[name]), "d" + name, fixture) }
    guard !weights.isEmpty else { return }
    let other = try run(halves + weights, frozen: weights)
    #expect(other.out.values == out.values)
    for name in names {
      #expect(other.gradients[name]?.values == (weights.contains(name) ? nil : gradients[name]?.values))
    }
  }

  @Test(arguments: try cases("linear"))
  func linear(_ fixture: Fixture) throws {
    let result = try #require(DataType(rawValue: try fixture.text("result")))
    let names = ["x", "weight", "bias"] + (result == .f32 ? ["residual"] : [])
    try check(fixture, names, halves: ["x"], weights: ["weight"], result: result) {
      try $0[0].linear(
        weight: $0[1], bias: $0[2], residual: $0.count > 3 ? $0[3] : nil, result: result)
    }
  }

  @Test(arguments: try cases("lora_linear"))
  func loraLinear(_ fixture: Fixture) throws {
    let scale = Float(try fixture.number("scale"))
    try check(
      fixture, ["x", "weight", "bias", "a", "b"], halves: ["x"], weights: ["weight"], result: .f32
    ) {
      try $0[0].loraLinear(weight: $0[1], bias: $0[2], a: $0[3], b: $0[4], scale: scale)
    }
  }

  private func attention(_ fixture: Fixture, _ inputs: [Tensor]) throws -> Tensor {
    try Tensor.attention(
      q: inputs[0], k: inputs[1], v: inputs[2], heads: Int(fixture.number("heads")),
      kvHeads: Int(fixture.number("kvHeads")), headWidth: Int(fixture.number("headWidth")),
      documents: fixture.integers("documents"))
  }

  @Test(arguments: try cases("attention"))
  func groupedQueryAttention(_ fixture: Fixture) throws {
    let names = ["q", "k", "v"]
    try check(fixture, names, halves: names, result: .bf16) { try attention(fixture, $0) }
    // The tolerance tells bf16 operands from f32 ones.
    let floats = try attention(fixture, inputs(fixture, names, halves: []))
    let tolerance = Float(try fixture.number("tolerance"))
    #expect(try !floats.isClose(to: fixture.tensor("out"), relative: tolerance))
  }

  @Test(arguments: try cases("rotary"))
  func rotary(_ fixture: Fixture) throws {
    let (heads, width) = (Int(try fixture.number("heads")), Int(try fixture.number("headWidth")))
    let tables = RotaryTables(base: Float(try fixture.number("base")), headWidth: width, length: 501)
    let positions = try fixture.ids("positions")
    try check(fixture, ["x"], result: .bf16) {
      try $0[0].rotary(heads: heads, headWidth: width, positions: positions, tables: tables, result: .bf16)
    }
  }

  @Test(arguments: try cases("silu_multiply"))
  func siluMultiply(_ fixture: Fixture) throws {
    try check(fixture, ["gate", "up"], halves: ["gate", "up"], result: .bf16) {
      try $0[0].siluMultiply($0[1])
    }
  }

  @Test(arguments: try cases("rms_norm"))
  func rmsNorm(_ fixture: Fixture) throws {
    let eps = Float(try fixture.number("eps"))
    try check(fixture, ["x", "weight"], result: .bf16) {
      try $0[0].rmsNorm(weight: $0[1], eps: eps, result: .bf16)
    }
  }

  @Test(arguments: try cases("linear_cross_entropy"))
  func linearCrossEntropy(_ fixture: Fixture) throws {
    let targets = try fixture.ids("targets"), scale = Float(try fixture.number("scale"))
    try check(fixture, ["x", "weight"], halves: ["x"], weights: ["weight"], result: .f32) {
      try $0[0].linearCrossEntropy(weight: $0[1], targets: targets, scale: scale)
    }
  }
}
