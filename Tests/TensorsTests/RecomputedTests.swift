import TestSupport
import Testing

@testable import Tensors

@Suite struct RecomputedTests {
  /// A gated layer with dropout and a residual: everything that could change between two runs of a body.
  private struct Layer {
    let norm: Tensor
    let up: Tensor
    let down: Tensor
    let key: RandomKey

    init(seed: UInt64, width: Int, hidden: Int) {
      norm = .sample([width], seed: seed, in: 0.5...1.5)
      up = .sample([hidden, width], seed: seed + 1)
      down = .sample([width, hidden], seed: seed + 2)
      key = RandomKey(seed: seed, "dropout")
      for leaf in leaves { leaf.requiresGrad = true }
    }

    var leaves: [Tensor] { [norm, up, down] }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
      let hidden = try x.rmsNorm(weight: norm).dropout(Dropout(probability: 0.2, key: key)).linear(weight: up)
      return try x + hidden.siluMultiply(hidden).linear(weight: down)
    }
  }

  private func layers(_ count: Int, width: Int = 12, hidden: Int = 20) -> [Layer] {
    (0..<count).map { Layer(seed: UInt64(10 * $0 + 1), width: width, hidden: hidden) }
  }

  private func run(_ x: Tensor, _ layers: [Layer], recomputing: Bool) throws -> Tensor {
    try layers.reduce(x) { x, layer in
      recomputing ? try x.recomputed(leaves: layer.leaves) { try layer($0) } : try layer(x)
    }
  }

  private func bits(_ tensor: Tensor?) -> [UInt32] { tensor?.values.map(\.bitPattern) ?? [] }

  /// Two rows after each other, so that gradients are added to what is there.
  @Test(arguments: [true, false]) func gradientsHaveTheBitsOfTheBodyItself(inputIsTrained: Bool) throws {
    var results: [[[UInt32]]] = []
    for recomputing in [false, true] {
      let layers = layers(3)
      var found: [[UInt32]] = []
      for row in 0..<2 {
        let x = Tensor.sample([5, 12], seed: UInt64(row) + 90)
        x.requiresGrad = inputIsTrained
        let out = try run(x, layers, recomputing: recomputing)
        try (out * out).sum().backward()
        found += [bits(out), bits(x.grad)]
      }
      results.append(found + layers.flatMap(\.leaves).map { bits($0.grad) })
    }
    #expect(results[0] == results[1])
    #expect(results[0].last?.contains { $0 != 0 } == true)
  }

  @Test func aLeafOfTwoBodiesSumsUpInTheSameOrder() throws {
    var results: [[UInt32]] = []
    for recomputing in [false, true] {
      let layer = layers(1)[0]
      let x = Tensor.sample([5, 12])
      try run(x, [layer, layer, layer], recomputing: recomputing).sum().backward()
      results.append(layer.leaves.flatMap { bits($0.grad) })
    }
    #expect(results[0] == results[1])
  }

  @Test func bodiesNest() throws {
    var results: [[UInt32]] = []
    for recomputing in [false, true] {
      let layers = layers(4)
      let x = Tensor.sample([5, 12])
      let half = { (x: Tensor, part: ArraySlice<Layer>) in
        try self.run(x, Array(part), recomputing: recomputing)
      }
      var y = x
      for part in [layers[..<2], layers[2...]] {
        y =
          recomputing
          ? try y.recomputed(leaves: part.flatMap(\.leaves)) { try half($0, part) } : try half(y, part)
      }
      try y.sum().backward()
      results.append(layers.flatMap(\.leaves).flatMap { bits($0.grad) })
    }
    #expect(results[0] == results[1])
  }

  @Test func nothingIsRecordedWhereNothingIsTrained() throws {
    let layer = layers(1)[0]
    for leaf in layer.leaves { leaf.requiresGrad = false }
    let x = Tensor.sample([5, 12])
    var runs = 0
    let out = try x.recomputed(leaves: layer.leaves) {
      runs += 1
      return try layer($0)
    }
    #expect(out.isLeaf && !out.requiresGrad)
    #expect(runs == 1)
  }

  @Test func theBodyRunsOnceMoreForItsGradient() throws {
    let layer = layers(1)[0]
    var runs = 0
    let x = Tensor.sample([5, 12])
    x.requiresGrad = true
    let out = try x.recomputed(leaves: layer.leaves) {
      runs += 1
      return try layer($0)
    }
    #expect(runs == 1)
    try out.sum().backward()
    #expect(runs == 2)
    #expect(x.grad?.purpose == .gradients)
  }

  @Test func anErrorOfTheSecondRunComesThrough() throws {
    struct Wish: Error {}
    let x = Tensor.sample([2])
    x.requiresGrad = true
    var runs = 0
    let out = try x.recomputed(leaves: []) {
      runs += 1
      if runs == 2 { throw Wish() }
      return try $0 * 2
    }
    #expect(throws: Wish.self) { try out.sum().backward() }
  }

  #if compiler(>=6.2)
    /// Its gradient would be passed on twice.
    @Test func aBodyThatReadsAnotherResultIsAMistakeOfOurs() async {
      await #expect(processExitsWith: .failure) {
        let x = Tensor.ones([2])
        x.requiresGrad = true
        let y = try x * 2
        try y.recomputed(leaves: []) { try $0 * y }.sum().backward()
      }
    }
  #endif

  @Test func gradientsAgreeWithDifferences() throws {
    try checkGradient(shapes: [[3, 4], [5, 4], [4, 5]]) { inputs in
      try inputs[0].recomputed(leaves: Array(inputs[1...])) {
        try $0 + $0.linear(weight: inputs[1]).silu().linear(weight: inputs[2])
      }
    }
  }

  /// Only the inputs of the layers live between the passes, and the results of one layer during the second.
  @Test func memoryIsThatOfOneBodyAndOfTheInputs() throws {
    let (count, rows, width, hidden) = (8, 64, 32, 256)
    func peak(_ count: Int, recomputing: Bool) throws -> (between: Int, peak: Int) {
      var found = (between: 0, peak: 0)
      try withoutLeaks { ledger in
        let layers = layers(count, width: width, hidden: hidden)
        let x = Tensor.sample([rows, width])
        for leaf in layers.flatMap(\.leaves) { leaf.accumulatedGradient().fill(0) }
        let before = ledger.liveBytes
        ledger.resetPeak()
        let loss = try run(x, layers, recomputing: recomputing).sum()
        found.between = ledger.liveBytes - before
        try loss.backward()
        found.peak = ledger.peakBytes - before
        for leaf in layers.flatMap(\.leaves) { leaf.zeroGrad() }
      }
      return found
    }
    let input = rows * width * 4
    let one = try peak(1, recomputing: false)
    let whole = try peak(count, recomputing: false)
    let recomputed = try peak(count, recomputing: true)
    // The last result is released once it is summed, and the first input is not ours.
    #expect(recomputed.between <= count * input)
    #expect(recomputed.peak <= one.peak + (count + 2) * input)
    #expect(whole.peak > 3 * recomputed.peak)
  }

  @Test func gradientsCanBeInspectedOnTheirWay() throws {
    let x = Tensor.sample([3])
    x.requiresGrad = true
    let weight = Tensor.ones([3])
    weight.requiresGrad = true
    var seen: [String] = []
    func watched(_ name: String, _ tensor: Tensor) -> Tensor {
      tensor.inspectGradients { inputs in
        seen.append(name + inputs.map { " \($0.leaf === weight) \($0.gradient?.values ?? [])" }.joined())
      }
      return tensor
    }
    let loss = try x.recomputed(leaves: [weight]) {
      watched("product", try watched("doubled", try $0 * 2) * weight)
    }.sum()
    try loss.backward()
    #expect(
      seen == [
        "product false [1.0, 1.0, 1.0] true \(x.values.map { $0 * 2 })", "doubled false [2.0, 2.0, 2.0]",
      ])
    #expect(try (x * 2).requiresGrad)
  }
}
