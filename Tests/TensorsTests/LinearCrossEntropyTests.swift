import TestSupport
import Testing

@testable import Tensors

@Suite(.serialized) struct LinearCrossEntropyTests {
  private func targets(_ count: Int, _ vocabulary: Int) -> [Int32] {
    (0..<count).map { $0 % 5 == 3 ? -1 : Int32($0 * 7 % vocabulary) }
  }

  /// More rows than one piece of logits holds, so that pieces must add up.
  @Test(arguments: [(600, 8, 12), (3, 1, 1), (40, 16, 3000)])
  func equalsItsSpelling(_ rows: Int, _ columns: Int, _ vocabulary: Int) throws {
    let targets = targets(rows, vocabulary), used = Float(targets.count { $0 >= 0 })
    func run(_ f: (Tensor, Tensor) throws -> Tensor) throws -> [Tensor] {
      let x = Tensor.sample([rows, columns]), weight = Tensor.sample([vocabulary, columns], seed: 2)
      x.requiresGrad = true
      weight.requiresGrad = true
      let loss = try f(x, weight)
      try (loss * 3).backward()
      return [loss] + [x.grad, weight.grad].compactMap { $0 }
    }
    let fused = try run { try $0.linearCrossEntropy(weight: $1, targets: targets, scale: 0.5) }
    let spelled = try run {
      try $0.matmul($1.transposed()).crossEntropy(targets: targets) * (0.5 * used)
    }
    #expect(fused.count == 3)
    for (a, b) in zip(fused, spelled) {
      if vocabulary == 1 {
        #expect(a.values.allSatisfy { abs($0) < 1e-6 })
      } else {
        #expect(a.isClose(to: b))
      }
    }
  }

  @Test func gradientAgreesWithFiniteDifferences() throws {
    try checkGradient(shapes: [[4, 3], [5, 3]]) {
      try $0[0].linearCrossEntropy(weight: $0[1], targets: [0, 4, -1, 2], scale: 0.25)
    }
  }

  @Test func tiedWeightGetsBothGradients() throws {
    let ids: [Int32] = [3, 1, 3]
    try checkGradient(shapes: [[5, 4]]) {
      try $0[0].embedding(ids).linearCrossEntropy(weight: $0[0], targets: [1, 3, 0])
    }
  }

  @Test func gradientsOfSequencesAddUp() throws {
    let weight = Tensor.sample([9, 4])
    weight.requiresGrad = true
    var sum = Tensor.zeros([9, 4])
    for seed in [1, 2] as [UInt64] {
      try Tensor.sample([3, 4], seed: seed).linearCrossEntropy(weight: weight, targets: [1, 2, 3]).backward()
      let alone = weight.copy()
      alone.requiresGrad = true
      try Tensor.sample([3, 4], seed: seed).linearCrossEntropy(weight: alone, targets: [1, 2, 3]).backward()
      sum = try sum + #require(alone.grad)
    }
    #expect(weight.grad?.values == sum.values)
  }

  @Test func rowsWithoutTargetCostNothing() throws {
    let x = Tensor.sample([4, 3]), weight = Tensor.sample([6, 3])
    x.pointer[3] = .nan  // in row 1
    #expect(try x.linearCrossEntropy(weight: weight, targets: [2, -1, 0, 5]).item().isFinite)
    x.requiresGrad = true
    let loss = try x.linearCrossEntropy(weight: weight, targets: [-1, -1, -1, -1])
    #expect(try loss.item() == 0)
    try loss.backward()
    #expect(x.grad?.values == [Float](repeating: 0, count: 12))
  }

  @Test func aNonFiniteRowShows() throws {
    let x = Tensor.sample([2, 3])
    x.pointer[3] = .nan
    #expect(try x.linearCrossEntropy(weight: .sample([6, 3]), targets: [2, 1]).item().isNaN)
  }

  @Test func largeLogitsStayFinite() throws {
    let loss = try Tensor.full(1000, shape: [1, 1]).linearCrossEntropy(
      weight: try Tensor([1, -1], shape: [2, 1]), targets: [1])
    #expect(try loss.item() == 2000)
  }

  @Test func threadsChangeNoBit() throws {
    let results = try [1, 2, 4].map { number in
      try withThreads(number) {
        let x = Tensor.sample([600, 32]), weight = Tensor.sample([700, 32], seed: 2)
        x.requiresGrad = true
        weight.requiresGrad = true
        let loss = try x.linearCrossEntropy(weight: weight, targets: targets(600, 700))
        try loss.backward()
        return [loss, x.grad, weight.grad].compactMap { $0?.values }
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test func wholeLogitsNeverExist() throws {
    let ledger = StorageLedger()
    try StorageLedger.$current.withValue(ledger) {
      let x = Tensor.sample([2048, 4]), weight = Tensor.sample([20_000, 4])
      x.requiresGrad = true
      let before = ledger.liveBytes
      ledger.resetPeak()
      try x.linearCrossEntropy(weight: weight, targets: targets(2048, 20_000)).backward()
      // 2048 rows of 20 000 logits would be 164 MB.
      #expect(ledger.peakBytes - before < 36_000_000)
      #expect(weight.grad == nil)
    }
  }

  @Test func messagesNameTheArgument() {
    func fails(_ argument: String, _ reason: String, _ body: () throws -> Tensor) {
      #expect(throws: TensorError(op: "linear_cross_entropy", argument: argument, reason: reason)) {
        try body()
      }
    }
    let x = Tensor.ones([2, 3]), weight = Tensor.ones([4, 3])
    fails("targets", "one for each of the 2 rows expected, got 1") {
      try x.linearCrossEntropy(weight: weight, targets: [1])
    }
    fails("targets", "-1 or ids 0 to 3 expected, got 4 in row 1") {
      try x.linearCrossEntropy(weight: weight, targets: [3, 4])
    }
    fails("targets", "-1 or ids 0 to 3 expected, got -2 in row 0") {
      try x.linearCrossEntropy(weight: weight, targets: [-2, 0])
    }
    fails("weight", "shape [4, 3] expected, got [4, 2]") {
      try x.linearCrossEntropy(weight: .ones([4, 2]), targets: [0, 0])
    }
    fails("weight", "2 axes expected, got shape [3]") {
      try x.linearCrossEntropy(weight: .ones([3]), targets: [0, 0])
    }
    fails("self", "2 axes expected, got shape [6]") {
      try x.reshape([6]).linearCrossEntropy(weight: weight, targets: [])
    }
  }
}
