import Foundation
import Testing

@testable import Training

@Suite struct ScheduleTests {
  /// transformers.get_cosine_schedule_with_warmup(optimizer, 10, 200).lr_lambdas[0](step - 1), peak 2e-4; the ramp is one
  /// update ahead of it.
  @Test func cosineIsThatOfTransformersAfterTheRamp() throws {
    let schedule = try Schedule.cosine(peak: 2e-4, warmup: .ratio(0.05))
    for step in 11...200 {
      let t = Double(step - 1)
      let expected = 2e-4 * 0.5 * (1 + cos(Double.pi * 2 * 0.5 * (t - 10) / 190))
      #expect(abs(try schedule.learningRate(step: step, of: 200) - expected) < 1e-15)
    }
    #expect(try schedule.learningRate(step: 1, of: 200) == 2e-5)
    #expect(try schedule.learningRate(step: 10, of: 200) == 2e-4)
    #expect(try schedule.learningRate(step: 11, of: 200) == 2e-4)
    #expect(try schedule.learningRate(step: 200, of: 200) < 2e-8)
  }

  @Test func linearFallsToTheFloor() throws {
    let schedule = try Schedule.linear(peak: 1, warmup: .steps(2), floor: 0.2)
    let rates = try (1...6).map { try schedule.learningRate(step: $0, of: 6) }
    #expect(zip(rates, [0.5, 1, 1, 0.8, 0.6, 0.4]).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func constantStaysAtThePeak() throws {
    let schedule = try Schedule.constant(0.3, warmup: .steps(3))
    #expect(abs(try schedule.learningRate(step: 1, of: 9) - 0.1) < 1e-15)
    #expect(try (3...9).allSatisfy { try schedule.learningRate(step: $0, of: 9) == 0.3 })
  }

  @Test func warmupRatioIsRoundedUp() throws {
    let schedule = try Schedule.constant(1, warmup: .ratio(0.03))
    #expect(try schedule.learningRate(step: 2, of: 50) == 1)
    #expect(try schedule.learningRate(step: 1, of: 50) == 0.5)
  }

  @Test func floorHoldsForCosine() throws {
    let schedule = try Schedule.cosine(peak: 1, floor: 0.1)
    #expect(try schedule.learningRate(step: 1, of: 100) == 1)
    #expect(try (1...100).allSatisfy { try schedule.learningRate(step: $0, of: 100) >= 0.1 })
  }

  @Test func aFunctionGetsStepAndSteps() throws {
    let schedule = Schedule.function { step, steps in Double(step) / Double(steps) }
    #expect(try schedule.learningRate(step: 3, of: 4) == 0.75)
  }

  @Test(arguments: [
    (Double?.none, "nil"), (.some(.nan), "nan"), (.some(-1), "-1.0"), (.some(.infinity), "inf"),
  ])
  func aFunctionsWrongAnswerIsNamed(value: Double?, shown: String) {
    let schedule = Schedule.function("ramp") { _, _ in value }
    #expect(
      throws: TrainingError(
        argument: "lr", reason: "the schedule 'ramp' gave \(shown) for step 7, a number from 0 on expected")
    ) { try schedule.learningRate(step: 7, of: 9) }
  }

  @Test func messages() {
    #expect(throws: TrainingError(argument: "peak", reason: "a learning rate from 0 on expected, got -1.0")) {
      try Schedule.cosine(peak: -1)
    }
    #expect(
      throws: TrainingError(argument: "floor", reason: "a learning rate from 0 to the peak expected, got 2.0")
    ) {
      try Schedule.linear(peak: 1, floor: 2)
    }
    #expect(
      throws: TrainingError(argument: "warmup", reason: "a share of the steps from 0 to 1 expected, got 1.5")
    ) {
      try Schedule.constant(1, warmup: .ratio(1.5))
    }
  }
}
