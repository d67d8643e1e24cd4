import TestSupport
import Testing

@testable import Tensors

@Suite struct StorageTests {
  @Test func theLedgerCountsByPurpose() throws {
    try withoutLeaks { ledger in
      let weight = Tensor.zeros([10], purpose: .weights)
      let other = Tensor.zeros([5])
      #expect(ledger.liveBytes(of: .weights) == 40)
      #expect(ledger.liveBytes(of: .activations) == 20)
      #expect(ledger.liveBytes == 60)
      withExtendedLifetime((weight, other)) {}
    }
  }

  @Test func thePeakOutlivesTheTensors() throws {
    try withoutLeaks { ledger in
      do { withExtendedLifetime(Tensor.zeros([100])) {} }
      #expect(ledger.peakBytes == 400)
      ledger.resetPeak()
      #expect(ledger.peakBytes == 0)
    }
  }

  @Test func viewsAreCountedOnce() throws {
    try withoutLeaks { ledger in
      let x = Tensor.zeros([4, 4])
      let views = [try x.reshape([16]), try x.rows(1..<2), x.detached()]
      #expect(ledger.liveBytes == 64)
      withExtendedLifetime((x, views)) {}
    }
  }

  @Test func gradientsAreBookedAsSuch() throws {
    try withoutLeaks { ledger in
      let weight = Tensor.ones([6], purpose: .weights)
      weight.requiresGrad = true
      try weight.pow(2).sum().backward()
      #expect(ledger.liveBytes(of: .gradients) == 24)
      #expect(ledger.liveBytes(of: .weights) == 24)
      weight.zeroGrad()
      #expect(ledger.liveBytes == 24)
    }
  }

  @Test func theProcessKnowsItsMemory() throws {
    let tensor = Tensor.ones([1 << 25])
    let memory = try #require(ProcessMemory.current())
    #expect(memory.anonymous > 1 << 27)
    #expect(memory.highest >= memory.anonymous && memory.mapped > 0)
    withExtendedLifetime(tensor) {}
  }

  @Test func workingMemoryIsThatOfTheOperations() throws {
    try withoutLeaks { ledger in
      let q = Tensor.ones([100, 32]), k = Tensor.ones([100, 16])
      ledger.resetPeak()
      let before = ledger.liveBytes
      let out = try Tensor.attention(
        q: q, k: k, v: k, heads: 4, kvHeads: 2, headWidth: 8, documents: [70, 30])
      let scores = WorkingMemory.attention(
        documents: [70, 30], heads: 4, kvHeads: 2, headWidth: 8, backward: false)
      // Beside the result and the logarithms of its rows.
      #expect(ledger.peakBytes - before == 4 * (scores + out.count + 4 * 100))
    }
  }

  @Test func sizeClassesWasteLittle() {
    for bytes in [1, 64, 65, 100, 1000, 4096, 4097, 1_000_000, 123_456_789] {
      let size = StoragePool.sizeClass(bytes)
      #expect(size >= bytes && size % 64 == 0)
      #expect(size == StoragePool.sizeClass(size))
      if bytes >= 512 { #expect(Double(size) <= Double(bytes) * 1.125 + 64) }
    }
  }

  @Test func poolKeepsAndGivesBack() {
    let pool = StoragePool()
    let size = StoragePool.sizeClass(1 << 20)
    let first = pool.take(size)
    if let first { pool.give(first, size) }
    #expect(pool.keptBytes == size)
    #expect(pool.take(size) == first)
    if let first { pool.give(first, size) }
    // Twice the size does not fit beside what is kept without passing the peak: the old buffer goes.
    let second = pool.take(size * 2)
    #expect(pool.keptBytes == 0)
    if let second { pool.give(second, size * 2) }
    pool.trim()
    #expect(pool.keptBytes == 0)
  }
}
