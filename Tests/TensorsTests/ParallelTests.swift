import Processes
import Synchronization
import TestSupport
import Testing

@testable import Tensors

#if canImport(Glibc)
  import Glibc
#endif

@Suite(.serialized) struct ParallelTests {
  @Test(arguments: [1, 2, 4, 7])
  func everyPieceRunsOnce(_ threads: Int) throws {
    try withThreads(threads) {
      for count in [0, 1, 2, 3, 64, 1000] {
        let runs = SharedArray<Int>(repeating: 0, count: count)
        try Parallel.pieces(count) { runs.pointer[$0] += 1 }
        #expect(runs.values == [Int](repeating: 1, count: count))
      }
    }
  }

  @Test func manyJobsInARow() throws {
    try withThreads(4) {
      let total = Atomic<Int>(0)
      for _ in 0..<20_000 { try Parallel.pieces(4) { _ in total.add(1, ordering: .relaxed) } }
      #expect(total.load(ordering: .relaxed) == 80_000)
    }
  }

  @Test func callsFromInsideAPieceRunInPlace() throws {
    let total = Atomic<Int>(0)
    try withThreads(4) {
      try Parallel.pieces(8) { _ in
        try Parallel.pieces(8) { _ in total.add(1, ordering: .relaxed) }
      }
    }
    #expect(total.load(ordering: .relaxed) == 64)
  }

  @Test func theFirstErrorIsThrown() throws {
    struct Failure: Error, Equatable { let piece: Int }
    for threads in [1, 4] {
      withThreads(threads) {
        #expect(throws: Failure(piece: 3)) {
          try Parallel.pieces(100) { if $0 == 3 { throw Failure(piece: $0) } }
        }
      }
    }
  }

  @Test func rowsAreCutByShapeOnly() throws {
    for (rows, cost) in [(1, 1), (5, 1_000_000), (1000, 3), (1 << 20, 1), (100, Int.max)] {
      let size = withThreads(1) { Parallel.rowsPerPiece(rows, cost: cost) }
      #expect(withThreads(4) { Parallel.rowsPerPiece(rows, cost: cost) } == size)
      let counts = SharedArray<Int32>(repeating: 0, count: rows)
      try Parallel.rows(rows, cost: cost) { for row in $0 { counts.pointer[row] += 1 } }
      #expect(counts.values.allSatisfy { $0 == 1 })
    }
    #expect(Parallel.rowsPerPiece(0, cost: 1) == 0)
    #expect(Parallel.rowsPerPiece(100, cost: 1) == 112)
  }

  @Test func theEnvironmentSetsTheNumberOfThreads() async {
    await #expect(processExitsWith: .success) {
      setenv("YUYAN_THREADS", "3", 1)
      #expect(Parallel.threads == 3)
      Parallel.threads = 0
      #expect(Parallel.threads == 1)
    }
    await #expect(processExitsWith: .success) {
      setenv("YUYAN_THREADS", "many", 1)
      #expect(Parallel.threads == Parallel.availableCores())
    }
  }

  @Test func anInterruptLeavesPiecesOut() async {
    await #expect(processExitsWith: .success) {
      let ran = Atomic<Int>(0)
      do {
        try Parallel.pieces(1000) {
          ran.add(1, ordering: .relaxed)
          if $0 == 10 { Interrupt.request() }
          while $0 > 10, !Interrupt.isRequested { usleep(10) }
        }
        exit(1)
      } catch is Interrupted {
        Parallel.allPieces(1000) { _ in ran.add(1, ordering: .relaxed) }
        let total = ran.load(ordering: .relaxed)
        exit(total >= 1011 && total <= 1011 + Parallel.threads ? 0 : 2)
      }
    }
  }

  @Test func anInterruptStopsBackwardAndProducts() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([4])
      x.requiresGrad = true
      let y = try (x * x).sum()
      Interrupt.request()
      #expect(throws: Interrupted.self) { try y.backward() }
      #expect(throws: Interrupted.self) { try Tensor.ones([300, 300]).matmul(.ones([300, 300])) }
    }
  }
}
