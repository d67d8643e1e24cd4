import Tensors
import TestSupport
import Testing

@Suite struct GradientTests {
  private func leaf(_ values: [Float]) throws -> Tensor {
    let tensor = try Tensor(values, shape: [values.count], purpose: .weights)
    tensor.requiresGrad = true
    return tensor
  }

  @Test func bothArmsOfADiamondCount() throws {
    let x = try leaf([2, 3])
    let y = try x * x
    try (y + y * x).sum().backward()
    // d(x² + x³) = 2x + 3x²
    #expect(x.grad?.values == [16, 33])
  }

  @Test func everyResultIsVisitedOnce() throws {
    // 2^60 paths lead from the sum to x; a walk over paths would not end.
    let x = try leaf([1])
    var y = try x * 1
    for _ in 0..<60 { y = try y + y }
    try y.sum().backward()
    #expect(x.grad?.values == [Float(1 << 60)])
  }

  @Test func gradientsOfTwoGraphsAddUpInPlace() throws {
    let x = try leaf([1, 2])
    try (x * 3).sum().backward()
    let first = x.grad?.pointer
    try (x * x).sum().backward()
    #expect(x.grad?.values == [5, 7])
    #expect(x.grad?.pointer == first)
    x.zeroGrad()
    #expect(x.grad == nil)
  }

  @Test func aGraphCanBeUsedOnce() throws {
    let x = try leaf([1, 2])
    let y = try (x * x).sum()
    try y.backward()
    let reason = "an earlier backward() has already used what it was computed from"
    #expect(throws: TensorError(op: "backward", argument: "self", reason: reason)) { try y.backward() }
    #expect(throws: TensorError(op: "backward", argument: "self", reason: reason)) { try (y * 2).backward() }
    #expect(x.grad?.values == [2, 4])
  }

  @Test func tellsWhatBackwardNeeds() throws {
    let x = try leaf([1, 2])
    #expect(
      throws: TensorError(op: "backward", argument: "self", reason: "a single number expected, got shape [2]")
    ) {
      try (x * 2).backward()
    }
    let reason = "nothing it was computed from requires a gradient"
    #expect(throws: TensorError(op: "backward", argument: "self", reason: reason)) {
      try Tensor.ones([1]).sum().backward()
    }
    #expect(throws: TensorError(op: "backward", argument: "gradient", reason: "shape [2] expected, got [3]"))
    {
      try (x * 2).backward(gradient: .ones([3]))
    }
  }

  @Test func theGivenGradientIsNotChanged() throws {
    let x = try leaf([1, 2])
    let seed = try Tensor([1, 10], shape: [2])
    try (x + x).backward(gradient: seed)
    try x.backward(gradient: seed)
    #expect(x.grad?.values == [3, 30])
    #expect(seed.values == [1, 10])
  }

  @Test func oneGradientForBothSidesIsNotShared() throws {
    let (a, b) = (try leaf([1]), try leaf([1]))
    try (a + b).sum().backward()
    try (a * 5).sum().backward()
    #expect(a.grad?.values == [6])
    #expect(b.grad?.values == [1])
  }

  @Test func nothingIsRecordedWithoutGradients() throws {
    let x = try leaf([1])
    let y = try withoutGradients { try x * 2 }
    #expect(!y.requiresGrad)
    #expect(y.isLeaf)
    #expect(try (x * 2).requiresGrad)
    #expect(!x.detached().requiresGrad)
    #expect(!needsGradient(y, nil))
    #expect(needsGradient(x, y))
  }

  @Test func freezingAResultCutsItOff() throws {
    let x = try leaf([1])
    let y = try x * 2
    y.requiresGrad = false
    #expect(!(try (y + 1).requiresGrad))
  }

  @Test func aResultCutOffLaterIsALeafForWhatWasComputedFromIt() throws {
    let x = try leaf([1])
    let y = try x * 2
    let z = try y * 3
    y.requiresGrad = false
    try z.backward()
    #expect(x.grad == nil)
    #expect(y.grad?.values == [3])
  }

  @Test func resultsThatNoPullbackReadsAreReleasedAtOnce() throws {
    try StorageLedger.$current.withValue(StorageLedger()) {
      let x = try leaf([1, 2])
      let before = StorageLedger.current.liveBytes
      let sum = try ((x * 2 + 1) * 3).sum()
      #expect(StorageLedger.current.liveBytes == before + MemoryLayout<Float>.size)
      try sum.backward()
      #expect(x.grad?.values == [6, 6])
    }
  }

  @Test func gradientsAreAccumulatedInTheBufferItself() throws {
    let weight = try leaf([1, 1])
    let gradient = weight.accumulatedGradient()
    #expect(gradient.values == [0, 0])
    #expect(gradient.purpose == .gradients)
    try (weight * 3).sum().backward()
    #expect(gradient.values == [3, 3])
    #expect(weight.grad === gradient)
  }

  @Test(arguments: [false, true])
  func aLongChainNeedsNoStack(_ runsBackward: Bool) throws {
    try withoutLeaks { _ in
      let x = try leaf([1])
      var y = try x + 0
      for _ in 0..<100_000 { y = try y + 0 }
      if runsBackward {
        try y.sum().backward()
        #expect(x.grad?.values == [1])
      }
    }
  }

  @Test func backwardReleasesWhatWasSaved() throws {
    try withoutLeaks { ledger in
      let x = Tensor.sample([1000])
      x.requiresGrad = true
      var y = try x.exp()
      for _ in 0..<20 { y = try y.tanh() }
      let loss = try y.sum()
      #expect(ledger.liveBytes > 22 * 4000)
      try loss.backward()
      y = loss
      #expect(ledger.liveBytes(of: .gradients) == 4000)
      #expect(ledger.liveBytes == 8004)
    }
  }

  @Test func backwardDoesNotHoldAllGradientsAtOnce() throws {
    try withoutLeaks { ledger in
      let x = Tensor.sample([1000])
      x.requiresGrad = true
      let loss = try {
        var y = try x * 1
        for _ in 0..<50 { y = try y * 1 }
        return try y.sum()
      }()
      ledger.resetPeak()
      let before = ledger.liveBytes
      try loss.backward()
      #expect(ledger.peakBytes - before <= 4 * 4000)
    }
  }

  @Test func anUnusedGraphLeavesNothing() throws {
    try withoutLeaks { _ in
      let x = try leaf([1, 2])
      _ = try (x * x + x.exp()).sum()
    }
  }

  @Test func gradientsAgreeWithDifferencesThroughAMixture() throws {
    try checkGradient(shapes: [[3, 4], [4, 2], [2]]) { inputs in
      let hidden = try (inputs[0].matmul(inputs[1]) + inputs[2]).silu()
      return try (hidden * hidden.mean(axis: -1, keepsAxis: true)).softmax().log().mean()
    }
  }

  @Test func theCheckFindsAWrongGradient() throws {
    let check = try checkGradient(inputs: [.sample([2]), .sample([3])]) { inputs in
      let y = try inputs[1].detached() * 2
      return try (inputs[0].sum() + y.recorded(from: inputs[1]) { dout in [try dout * 3] }.sum())
    }
    #expect(check.input == 1)
    #expect(abs(check.relativeError - 0.5) < 0.01)
  }
}
