import Testing

@testable import Evaluation

@Suite struct WindowPlanTests {
  @Test(arguments: [(1, 8, 4), (8, 8, 4), (9, 8, 4), (30, 8, 3), (31, 8, 8), (100, 7, 1)])
  func everyTokenIsCountedOnceInOrder(tokens: Int, window: Int, stride: Int) {
    var counted: [Int] = []
    for item in WindowPlan(tokens: tokens, window: window, stride: stride).windows {
      #expect(item.tokens.count <= window)
      #expect(item.tokens.contains(item.firstCounted))
      counted += item.firstCounted..<item.tokens.upperBound
    }
    #expect(counted == Array(0..<tokens))
  }

  @Test func laterWindowsKeepContext() {
    let windows = WindowPlan(tokens: 10, window: 6, stride: 2).windows
    #expect(windows.map(\.tokens) == [0..<6, 2..<8, 4..<10])
    #expect(windows.map(\.firstCounted) == [0, 6, 8])
  }

  @Test func aRowBeginsWithBOSWhichIsNoTarget() {
    let row = WindowRow(.init(tokens: 0..<3, firstCounted: 0), of: [5, 6, 7], bos: 1)
    #expect(row.ids == [1, 5, 6])
    #expect(row.targets == [5, 6, 7])
    let later = WindowRow(.init(tokens: 1..<4, firstCounted: 3), of: [5, 6, 7, 8], bos: 1)
    #expect(later.ids == [1, 6, 7])
    #expect(later.targets == [-1, -1, 8])
  }

  @Test func withoutBOSTheTokenBeforeTheWindowStandsInItsPlace() {
    let first = WindowRow(.init(tokens: 0..<3, firstCounted: 0), of: [5, 6, 7, 8], bos: nil)
    #expect(first.ids == [5, 6])
    #expect(first.targets == [6, 7])
    let later = WindowRow(.init(tokens: 3..<4, firstCounted: 3), of: [5, 6, 7, 8], bos: nil)
    #expect(later.ids == [7])
    #expect(later.targets == [8])
    #expect(WindowRow(.init(tokens: 0..<1, firstCounted: 0), of: [5], bos: nil).ids == [])
  }
}
