import Foundation
import TestSupport
import Testing

@testable import Tensors

/// Values and gradients of every fused operation, against PyTorch in float64 (scripts/fixtures/fused_ops.py).
@Suite struct FusedOpsFixtureTests {
  private static func cases(_ op: String) throws -> [Fixture] {
    try Fixture.load("fused_ops", in: .module).filter { try $0.text("op") == op }
  }

  /// Runs `f` on the inputs, then backward from the fixture's `dout`, and compares everything.
  private func check(_ fixture: Fixture, _ names: [String], _ f: ([Tensor]) throws -> Tensor) throws {
    let inputs = try names.map { try fixture.tensor($0) }
    #expect(try withoutGradients { try f(inputs) }.isClose(to: fixture.tensor("out")))
    for input in inputs { input.requiresGrad = true }
    let out = try f(inputs)
    #expect(try out.isClose(to: fixture.tensor("out")))
    try out.backward(gradient: fixture.tensor("dout"))
    for (name, input) in zip(names, inputs) {
      let gradient = try #require(input.grad)
      #expect(try gradient.isClose(to: fixture.tensor("d" + name)), "gradient of \(name)")
    }
    // A frozen input gets no gradient and changes nobody else's.
    for (frozen, name) in names.enumerated() where names.count > 1 {
      let inputs = try names.map { try fixture.tensor($0) }
      for (index, input) in inputs.enumerated() { input.requiresGrad = index != frozen }
      try f(inputs).backward(gradient: fixture.tensor("dout"))
      #expect(inputs[frozen].grad == nil)
      for (index, other) in names.enumerated() where index != frozen {
        let gradient = try #require(inputs[index].grad)
        #expect(try gradient.isClose(to: fixture.tensor("d" + other)), "gradient of \(other), \(name) frozen")
      }
    }
  }

  @Test(arguments: try cases("rms_norm"))
  func rmsNorm(_ fixture: Fixture) throws {
    let eps = Float(try fixture.number("eps"))
    try check(fixture, ["x", "weight"]) { try $0[0].rmsNorm(weight: $0[1], eps: eps) }
  }

  @Test(arguments: try cases("silu_multiply"))
  func siluMultiply(_ fixture: Fixture) throws {
    try check(fixture, ["gate", "up"]) { try $0[0].siluMultiply($0[1]) }
  }

  @Test(arguments: try cases("linear"))
  func linear(_ fixture: Fixture) throws {
    try check(fixture, ["x", "weight", "bias"]) { try $0[0].linear(weight: $0[1], bias: $0[2]) }
  }

  @Test(arguments: try cases("lora_linear"))
  func loraLinear(_ fixture: Fixture) throws {
    let scale = Float(try fixture.number("scale"))
    try check(fixture, ["x", "weight", "bias", "a", "b"]) {
      try $0[0].loraLinear(weight: $0[1], bias: $0[2], a: $0[3], b: $0[4], scale: scale)
    }
  }

  @Test(arguments: try cases("rotary"))
  func rotary(_ fixture: Fixture) throws {
    let (heads, width) = (Int(try fixture.number("heads")), Int(try fixture.number("headWidth")))
    let tables = RotaryTables(
      base: Float(try fixture.number("base")), headWidth: width, length: 501,
      linearFactor: Float(try fixture.number("factor")))
    let positions = try fixture.ids("positions")
    try check(fixture, ["x"]) {
      try $0[0].rotary(heads: heads, headWidth: width, positions: positions, tables: tables)
    }
  }

  @Test(arguments: try cases("attention"))
  func attention(_ fixture: Fixture) throws {
    let (heads, kvHeads) = (Int(try fixture.number("heads")), Int(try fixture.number("kvHeads")))
    let width = Int(try fixture.number("headWidth")), documents = try fixture.integers("documents")
    try check(fixture, ["q", "k", "v"]) {
      try Tensor.attention(
        q: $0[0], k: $0[1], v: $0[2], heads: heads, kvHeads: kvHeads, headWidth: width, documents: documents)
    }
  }

  @Test(arguments: try cases("linear_cross_entropy"))
  func linearCrossEntropy(_ fixture: Fixture) throws {
    let targets = try fixture.ids("targets"), scale = Float(try fixture.number("scale"))
    try check(fixture, ["x", "weight"]) {
      try $0[0].linearCrossEntropy(weight: $0[1], targets: targets, scale: scale)
    }
  }

  @Test(arguments: try cases("embedding"))
  func embedding(_ fixture: Fixture) throws {
    let ids = try fixture.ids("ids")
    try check(fixture, ["weight"]) { try $0[0].embedding(ids) }
  }

  @Test(arguments: try cases("token_scores"))
  func tokenScores(_ fixture: Fixture) throws {
    let x = try fixture.tensor("x"), weight = try fixture.tensor("weight")
    var targets = try fixture.ids("targets")
    let expected = zip(
      try fixture.list("logProbability"), zip(try fixture.list("entropy"), try fixture.list("rank")))
    for (score, (logProbability, (entropy, rank))) in zip(
      try x.tokenScores(weight: weight, targets: targets), expected)
    {
      let score = try #require(score)
      #expect(abs(score.logProbability - logProbability) < 1e-5)
      #expect(abs(score.entropy - entropy) < 1e-5)
      #expect(score.rank == Int(rank))
    }
    targets[1] = -1
    #expect(try x.tokenScores(weight: weight, targets: targets)[1] == nil)
  }
}

@Suite struct AdamWTests {
  @Test func tenStepsEqualPyTorchs() throws {
    let fixture = try #require(
      try Fixture.load("fused_ops", in: .module).first { try $0.text("op") == "adamw" })
    let parameter = try fixture.tensor("start")
    let gradients = try fixture.tensor("gradients"), expected = try fixture.tensor("parameters")
    let first = Tensor.zeros(parameter.shape, purpose: .optimizer)
    let second = Tensor.zeros(parameter.shape, purpose: .optimizer)
    for step in 0..<10 {
      // Twice the gradient, scaled by one half: clipping's factor is part of the update.
      let gradient = try (gradients.rows(step..<step + 1) * 2).reshape(parameter.shape)
      let slot = try AdamW.Slot(
        parameter: parameter, gradient: gradient, firstMoment: first, secondMoment: second, weightDecay: 0.1)
      try AdamW(beta1: 0.9, beta2: 0.95, epsilon: 1e-8).update(
        [slot], step: step + 1, learningRate: 3e-3 * Double(step + 1) / 10, gradientScale: 0.5)
      #expect(
        try parameter.isClose(to: expected.rows(step..<step + 1).reshape(parameter.shape), relative: 2e-7))
    }
    #expect(try first.isClose(to: fixture.tensor("firstMoment"), relative: 2e-7))
    #expect(try second.isClose(to: fixture.tensor("secondMoment"), relative: 2e-7))
  }

  @Test func rejectsAMomentOfAnotherShape() {
    let expected = TensorError(op: "adamw", argument: "secondMoment", reason: "shape [3] expected, got [2]")
    #expect(throws: expected) {
      _ = try AdamW.Slot(
        parameter: .ones([3]), gradient: .ones([3]), firstMoment: .ones([3]), secondMoment: .ones([2]))
    }
  }

  @Test func severalParametersAreUpdatedAsEachAlone() throws {
    let lengths = [3, 70_000, 131_072, 1]
    func slots(_ places: some Sequence<Int>) throws -> [AdamW.Slot] {
      try places.map { place in
        try AdamW.Slot(
          parameter: .sample([lengths[place]], seed: UInt64(place)),
          gradient: .sample([lengths[place]], seed: 10 + UInt64(place)),
          firstMoment: .zeros([lengths[place]]),
          secondMoment: .zeros([lengths[place]]), weightDecay: Double(place) / 10)
      }
    }
    let together = try slots(lengths.indices)
    try AdamW().update(together, step: 1, learningRate: 0.1)
    for place in lengths.indices {
      let alone = try slots([place])
      try AdamW().update(alone, step: 1, learningRate: 0.1)
      #expect(alone[0].parameter.values == together[place].parameter.values)
      #expect(alone[0].secondMoment.values == together[place].secondMoment.values)
    }
  }

  @Test func stepsCountFromOne() {
    #expect(throws: TensorError(op: "adamw", argument: "step", reason: "at least 1 expected, got 0")) {
      try AdamW().update([], step: 0, learningRate: 1)
    }
  }
}
