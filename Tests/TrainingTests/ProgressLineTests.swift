import Testing

@testable import Training

@Suite struct ProgressLineTests {
  @Test func showsStepLossRateSpeedAndTimeLeft() {
    #expect(
      ProgressLine.text(
        step: 12, of: 300, loss: 3.41159, learningRate: 2e-4, tokensPerSecond: 12345.4, secondsLeft: 200)
        == "step 12/300  loss 3.4116  lr 2.00e-04  12,345 tokens/s  3m20s left")
  }

  @Test func fitsEightyColumns() {
    let line = ProgressLine.text(
      step: 123_456_789, of: 987_654_321, loss: 12345.6789, learningRate: 1.5e-10,
      tokensPerSecond: 9_876_543_210,
      secondsLeft: 1e12)
    #expect(line.count <= 79)
  }

  @Test func durations() {
    #expect(
      [0, 59.4, 60, 3599, 3600, 86400, .infinity].map(ProgressLine.duration)
        == ["0s", "59s", "1m00s", "59m59s", "1h00m", "24h00m", "?"])
  }

  @Test func groupsDigits() {
    #expect(
      [0, 999, 1000, 1_234_567, -1234].map(Decimals.grouped) == ["0", "999", "1,000", "1,234,567", "-1,234"])
  }

  private func record(_ step: Int) -> StepRecord {
    StepRecord(
      step: step, loss: 1, learningRate: 1, gradientNorm: 1, tokens: 10, trainedTokens: 10, seconds: 1,
      samples: "")
  }

  @Test func isQuietWhenNotShown() {
    var written = ""
    let line = ProgressLine(isShown: false) { written += $0 }
    line.show(record(1), of: 1, at: 0)
    line.close()
    #expect(written == "")
  }

  @Test func rewritesOneLineAndEndsIt() {
    var written = ""
    let line = ProgressLine { written += $0 }
    line.show(record(1), of: 3, at: 1)
    line.show(record(2), of: 3, at: 1.01)
    line.show(record(3), of: 3, at: 1.02)
    line.close()
    line.close()
    #expect(
      written == "\rstep 1/3  loss 1.0000  lr 1.00e+00  10 tokens/s  2s left\u{1B}[K"
        + "\rstep 3/3  loss 1.0000  lr 1.00e+00  10 tokens/s  0s left\u{1B}[K\n")
  }
}
