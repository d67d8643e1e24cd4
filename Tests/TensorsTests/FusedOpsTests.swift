import Foundation
import TestSupport
import Testing

@testable import Tensors

@Suite struct FusedOpsTests {
  @Test(arguments: [[1, 1], [3, 5], [2, 4, 8], [2, 17]])
  func rmsNormGradient(_ shape: [Int]) throws {
    try checkGradient(shapes: [shape, [shape[shape.count - 1]]]) {
      try $0[0].rmsNorm(weight: $0[1], eps: 1e-2)
    }
  }

  @Test(arguments: [[1], [3, 5], [40]])
  func siluMultiplyEqualsItsSpelling(_ shape: [Int]) throws {
    try checkGradient(shapes: [shape, shape]) { try $0[0].siluMultiply($0[1]) }
    let gate = Tensor.sample(shape, in: -30...30), up = Tensor.sample(shape, seed: 2)
    #expect(try gate.siluMultiply(up).isClose(to: gate.silu() * up))
  }

  @Test func siluMultiplyEndsFlat() throws {
    let gate = try Tensor([-1e30, -200, 200, 1e30, .nan], shape: [5])
    let out = try gate.siluMultiply(.ones([5])).values
    #expect(out[0] == 0 && out[1] == 0 && out[2] == 200 && out[3] == 1e30 && out[4].isNaN)
  }

  @Test func linearEqualsItsSpelling() throws {
    let x = Tensor.sample([2, 3, 5]), weight = Tensor.sample([4, 5], seed: 2),
      bias = Tensor.sample([4], seed: 3)
    let spelled = try (x.reshape([6, 5]).matmul(weight.transposed()) + bias).reshape([2, 3, 4])
    #expect(try x.linear(weight: weight, bias: bias).isClose(to: spelled))
    try checkGradient(shapes: [[2, 3, 5], [4, 5], [4]]) { try $0[0].linear(weight: $0[1], bias: $0[2]) }
    try checkGradient(shapes: [[1, 1], [1, 1]]) { try $0[0].linear(weight: $0[1]) }
  }

  @Test func aResidualIsAddedOnTheWay() throws {
    let (x, weight) = (Tensor.sample([150, 70], seed: 1), Tensor.sample([90, 70], seed: 2))
    let residual = Tensor.sample([150, 90], seed: 3)
    let (a, b) = (Tensor.sample([4, 70], seed: 4), Tensor.sample([90, 4], seed: 5))
    let plain = try residual + x.linear(weight: weight)
    #expect(try x.linear(weight: weight, residual: residual).isClose(to: plain))
    let adapted = try residual + x.loraLinear(weight: weight, a: a, b: b, scale: 0.5)
    #expect(try x.loraLinear(weight: weight, a: a, b: b, scale: 0.5, residual: residual).isClose(to: adapted))
    try checkGradient(shapes: [[3, 4], [5, 4], [5], [3, 5]]) {
      try $0[0].linear(weight: $0[1], bias: $0[2], residual: $0[3])
    }
    try checkGradient(shapes: [[3, 4], [5, 4], [2, 4], [5, 2], [3, 5]]) {
      try $0[0].loraLinear(weight: $0[1], a: $0[2], b: $0[3], scale: 0.5, residual: $0[4])
    }
    let wrong = TensorError(op: "linear", argument: "residual", reason: "shape [150, 90] expected, got [90]")
    #expect(throws: wrong) { try x.linear(weight: weight, residual: .ones([90])) }
  }

  @Test func linearAddsToTheGradientThatIsThere() throws {
    let weight = Tensor.sample([4, 5])
    weight.requiresGrad = true
    let x = Tensor.sample([3, 5], seed: 2)
    try x.linear(weight: weight).backward(gradient: .ones([3, 4]))
    let once = try #require(weight.grad).copy()
    try x.linear(weight: weight).backward(gradient: .ones([3, 4]))
    #expect(weight.grad?.values == (try once * 2).values)
  }

  @Test func aFrozenBaseKeepsNoInput() throws {
    let ledger = StorageLedger()
    try StorageLedger.$current.withValue(ledger) {
      let weight = Tensor.sample([10, 100]), bias = Tensor.ones([10])
      bias.requiresGrad = true
      let before = ledger.liveBytes
      let out = try Tensor.ones([50, 100]).linear(weight: weight, bias: bias)
      #expect(out.requiresGrad)
      #expect(ledger.liveBytes - before == 50 * 10 * 4)
    }
  }

  @Test func loraGradient() throws {
    let dropout = Dropout(probability: 0.4, key: RandomKey(seed: 2, "dropout"))
    try checkGradient(shapes: [[3, 5], [4, 5], [4], [2, 5], [4, 2]]) {
      try $0[0].loraLinear(weight: $0[1], bias: $0[2], a: $0[3], b: $0[4], scale: 0.5, dropout: dropout)
    }
  }

  @Test func rotaryKeepsLengthsAndTurnsBack() throws {
    let tables = RotaryTables(base: 10_000, headWidth: 6, length: 2048)
    let x = Tensor.sample([3, 12]), positions: [Int32] = [0, 7, 2047]
    let y = try x.rotary(heads: 2, headWidth: 6, positions: positions, tables: tables)
    #expect(y.values.prefix(12) == x.values.prefix(12))
    #expect(abs(squaredNorm(y) - squaredNorm(x)) < 1e-5)
    try checkGradient(shapes: [[3, 12]]) {
      try $0[0].rotary(heads: 2, headWidth: 6, positions: positions, tables: tables)
    }
  }

  @Test func embeddingGradient() throws {
    try checkGradient(shapes: [[5, 3]]) { try $0[0].embedding([4, 0, 4]) }
    #expect(try Tensor.ones([5, 3]).embedding([]).shape == [0, 3])
  }

  @Test(arguments: [1, 2, 4])
  func threadsChangeNoBit(_ threads: Int) throws {
    func run() throws -> [[Float]] {
      let x = [[300, 64], [64], [128, 64], [128], [4, 64], [128, 4]].enumerated().map {
        Tensor.sample($1, seed: UInt64($0))
      }
      for tensor in x { tensor.requiresGrad = true }
      let y = try x[0].rmsNorm(weight: x[1]).loraLinear(
        weight: x[2], bias: x[3], a: x[4], b: x[5], scale: 2,
        dropout: Dropout(probability: 0.1, key: RandomKey(seed: 1, "d")))
      let z = try y.siluMultiply(y)
      try z.backward(gradient: .sample(z.shape, seed: 9))
      return try [z.values] + x.map { try #require($0.grad).values } + [[Float(squaredNorm(x))]]
    }
    let expected = try withThreads(1, run)
    #expect(try withThreads(threads, run) == expected)
  }

  @Test func exponentialIsWithinTwoUnitsInTheLastPlace() throws {
    var worst = 0.0
    for start in stride(from: Float(-86.5), to: 88.7, by: 0.37) {
      let x = (0..<33).map { min(88.72, start + Float($0) * 0.0113) }
      let y = try Tensor(x, shape: [33]).exp().values
      for (x, y) in zip(x, y) {
        let exact = Foundation.exp(Double(x))
        worst = max(worst, abs(Double(y) - exact) / Double(Float(exact).ulp))
      }
    }
    #expect(worst < 2)
  }

  @Test func messagesNameTheArgument() {
    func fails(_ op: String, _ argument: String, _ reason: String, _ body: () throws -> Tensor) {
      #expect(throws: TensorError(op: op, argument: argument, reason: reason)) { try body() }
    }
    let x = Tensor.ones([3, 4])
    fails("rms_norm", "weight", "shape [4] expected, got [5]") { try x.rmsNorm(weight: .ones([5])) }
    fails("rms_norm", "self", "at least 1 axis expected, got shape []") {
      try Tensor.scalar(1).rmsNorm(weight: x)
    }
    fails("silu_multiply", "up", "shape [3, 4] expected, got [4, 3]") { try x.siluMultiply(.ones([4, 3])) }
    fails("linear", "weight", "shape [2, 4] expected, got [2, 5]") { try x.linear(weight: .ones([2, 5])) }
    fails("linear", "weight", "2 axes expected, got shape [4]") { try x.linear(weight: .ones([4])) }
    fails("linear", "bias", "shape [2] expected, got [4]") {
      try x.linear(weight: .ones([2, 4]), bias: .ones([4]))
    }
    fails("lora_linear", "a", "shape [2, 4] expected, got [2, 3]") {
      try x.loraLinear(weight: .ones([5, 4]), a: .ones([2, 3]), b: .ones([5, 2]), scale: 1)
    }
    fails("lora_linear", "b", "shape [5, 2] expected, got [2, 5]") {
      try x.loraLinear(weight: .ones([5, 4]), a: .ones([2, 4]), b: .ones([2, 5]), scale: 1)
    }
    fails("lora_linear", "dropout", "a probability of at least 0 and below 1 expected, got nan") {
      try x.loraLinear(
        weight: .ones([5, 4]), a: .ones([2, 4]), b: .ones([5, 2]), scale: 1,
        dropout: Dropout(probability: .nan, key: RandomKey(seed: 1, "d")))
    }
    let tables = RotaryTables(base: 10_000, headWidth: 4, length: 8)
    fails("rotary", "positions", "positions 0 to 7 expected, got 8 in row 2") {
      try x.rotary(heads: 1, headWidth: 4, positions: [0, 1, 8], tables: tables)
    }
    fails("rotary", "self", "shape [2, 4] expected, got [3, 4]") {
      try x.rotary(heads: 1, headWidth: 4, positions: [0, 1], tables: tables)
    }
    fails("rotary", "tables", "tables for heads of width 2 expected, got width 4") {
      try x.rotary(heads: 2, headWidth: 2, positions: [0, 1, 2], tables: tables)
    }
    fails("embedding", "ids", "ids 0 to 2 expected, got 3 at position 1") { try x.embedding([0, 3]) }
    fails("embedding", "ids", "ids 0 to 2 expected, got -1 at position 0") { try x.embedding([-1]) }
  }
}
