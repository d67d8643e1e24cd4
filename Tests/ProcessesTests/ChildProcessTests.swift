import Glibc
import TestSupport
import Testing

@testable import Processes

@Suite(.serialized) struct ChildProcessTests {
  @Test func largeInputAndOutputPassAtTheSameTime() throws {
    let input = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let result = try ChildProcess.run("cat", [], input: input)
    #expect(result.status == 0)
    #expect(result.output == input)
    #expect(result.errorOutput.isEmpty)
  }

  @Test func bothOutputsAndTheStatusComeBack() throws {
    let result = try ChildProcess.run("sh", ["-c", "echo out; echo err >&2; exit 7"])
    #expect(result.status == 7)
    #expect(result.output == Array("out\n".utf8))
    #expect(result.errorOutput == Array("err\n".utf8))
  }

  @Test func aSignalGivesAStatusAsInTheShell() throws {
    #expect(try ChildProcess.run("sh", ["-c", "kill -9 $$"]).status == 137)
  }

  @Test func aChildThatDoesNotReadItsInputIsNoProblem() throws {
    let result = try ChildProcess.run("true", [], input: [UInt8](repeating: 65, count: 1 << 20))
    #expect(result.status == 0)
  }

  @Test func aGrandchildThatKeepsThePipeOpenDoesNotHoldUp() throws {
    let start = ContinuousClock.now
    let result = try ChildProcess.run("sh", ["-c", "sleep 5 & echo done"])
    #expect(result.output == Array("done\n".utf8))
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  @Test func aMissingProgramIsNamed() {
    #expect(message { _ = try ChildProcess.run("no-such-program") } == "no-such-program: not found in PATH")
    #expect(message { _ = try ChildProcess.run("/no/such") } == "/no/such: no such program")
    #expect(ChildProcess.find("no-such-program") == nil)
    #expect(ChildProcess.find("sh") != nil)
  }

  @Test func aTimeoutEndsTheChild() {
    let start = ContinuousClock.now
    #expect(
      message { _ = try ChildProcess.run("sleep", ["10"], timeout: 0.1) }
        == "sleep: stopped after 0.1 seconds")
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  /// The wish to stop comes from a closure here: `Interrupt` belongs to all tests of the process.
  @Test func aWishToStopEndsTheWholeGroupSoon() throws {
    let marker = "86399.\(getpid())"
    let start = ContinuousClock.now
    #expect(throws: Interrupted.self) {
      try ChildProcess.run(
        "sh", ["-c", "trap '' TERM; sleep \(marker) & wait; sleep 10"],
        isStopped: {
          ContinuousClock.now - start > .milliseconds(100)
        })
    }
    #expect(
      ContinuousClock.now - start < .milliseconds(300 + 200),
      "0.2 s after the wish, and room for a busy machine")
    #expect(try ChildProcess.run("pgrep", ["-f", marker]).output.isEmpty)
  }
}
