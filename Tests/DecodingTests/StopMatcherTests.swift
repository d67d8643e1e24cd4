import Testing

@testable import Decoding

@Suite struct StopMatcherTests {
  private func run(_ stops: [String], _ pieces: [String]) -> [String] {
    var matcher = StopMatcher(stops)
    return pieces.map { matcher.take($0) } + [matcher.finish()]
  }

  @Test func textBeforeAStopStringIsGivenOut() {
    #expect(run(["###"], ["Hello", " you###", " more"]) == ["Hello", " you", "", ""])
  }

  @Test func aPossibleBeginningIsHeldBack() {
    #expect(run(["\n###"], ["one\n", "#", "#x", "\n##"]) == ["one", "", "\n##x", "", "\n##"])
  }

  @Test func aStopStringInPiecesNeverLeaks() {
    #expect(run(["停止"], ["走走停", "止", "走"]) == ["走走", "", "", ""])
  }

  @Test func theEarliestOfSeveralEndsTheText() {
    #expect(run(["b c", "c"], ["a b", " c"]) == ["a ", "", ""])
    #expect(run(["aab"], ["aaab"]) == ["a", ""])
  }

  @Test func withoutStopStringsNothingIsHeld() {
    #expect(run([], ["a", "b"]) == ["a", "b", ""])
  }
}
