import Glibc

/// The learning rate as a function of the step.
///
/// Cosine and linear decay are those of Transformers, update by update. The ramp is `peak * step / warmup`, which reaches
/// the peak at the last warmup step and spends no update at rate 0.
public struct Schedule {
  /// A rate for step 1...steps; nil means that the function has no answer.
  public typealias Function = (_ step: Int, _ steps: Int) throws -> Double?

  /// The length of the linear ramp at the start.
  public enum Warmup: Equatable, Sendable {
    /// A share of all steps, rounded up.
    case ratio(Double)
    case steps(Int)
  }

  enum Shape: String { case cosine, linear, constant }

  private enum Kind {
    case curve(Shape, peak: Double, warmup: Warmup, floor: Double)
    case function(Function)
  }

  /// What messages and checkpoints call it; checkpoints refuse to continue under another one.
  public let name: String
  private let kind: Kind

  /// Half a cosine wave from the peak to the floor.
  public static func cosine(peak: Double, warmup: Warmup = .steps(0), floor: Double = 0) throws -> Schedule {
    try Schedule(.cosine, peak, warmup, floor)
  }

  /// A straight line from the peak to the floor.
  public static func linear(peak: Double, warmup: Warmup = .steps(0), floor: Double = 0) throws -> Schedule {
    try Schedule(.linear, peak, warmup, floor)
  }

  /// The peak from the end of the warmup on.
  public static func constant(_ peak: Double, warmup: Warmup = .steps(0)) throws -> Schedule {
    try Schedule(.constant, peak, warmup, peak)
  }

  /// A function of one's own; `name` should change when the function does, so that a resumed run notices.
  public static func function(_ name: String = "function", _ body: @escaping Function) -> Schedule {
    Schedule(name: name, kind: .function(body))
  }

  private init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }

  private init(_ shape: Shape, _ peak: Double, _ warmup: Warmup, _ floor: Double) throws {
    func require(_ holds: Bool, _ argument: String, _ expected: String, _ got: Double) throws {
      if !holds { throw TrainingError(argument: argument, reason: "\(expected) expected, got \(got)") }
    }
    try require(peak >= 0 && peak.isFinite, "peak", "a learning rate from 0 on", peak)
    try require(floor >= 0 && floor <= peak, "floor", "a learning rate from 0 to the peak", floor)
    let ramp: String
    switch warmup {
    case .ratio(let ratio):
      try require(ratio >= 0 && ratio <= 1, "warmup", "a share of the steps from 0 to 1", ratio)
      ramp = "\(ratio) of the steps"
    case .steps(let steps):
      try require(steps >= 0, "warmup", "a number of steps from 0 on", Double(steps))
      ramp = "\(steps) steps"
    }
    let tail = shape == .constant ? "" : ", floor \(floor)"
    self.init(
      name: "\(shape.rawValue), peak \(peak), warmup \(ramp)\(tail)",
      kind: .curve(shape, peak: peak, warmup: warmup, floor: floor))
  }

  /// The rate of step `step` (from 1) of `steps`; a function's nil, NaN, infinity or negative number is an error.
  public func learningRate(step: Int, of steps: Int) throws -> Double {
    switch kind {
    case .function(let body):
      let rate = try body(step, steps)
      guard let rate, rate.isFinite, rate >= 0 else {
        let got = rate.map { "\($0)" } ?? "nil"
        throw TrainingError(
          argument: "lr",
          reason: "the schedule '\(name)' gave \(got) for step \(step), a number from 0 on expected")
      }
      return rate
    case .curve(let shape, let peak, let warmup, let floor):
      let ramp = rampLength(warmup, steps)
      if step <= ramp { return peak * Double(step) / Double(ramp) }
      let progress = Double(step - 1 - ramp) / Double(max(1, steps - ramp))
      switch shape {
      case .cosine: return floor + (peak - floor) * 0.5 * (1 + cos(Double.pi * progress))
      case .linear: return floor + (peak - floor) * (1 - progress)
      case .constant: return peak
      }
    }
  }

  private func rampLength(_ warmup: Warmup, _ steps: Int) -> Int {
    switch warmup {
    case .ratio(let ratio): Int((Double(steps) * ratio).rounded(.up))
    case .steps(let count): count
    }
  }
}
