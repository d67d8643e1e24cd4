import Scripting
import Training

let scheduleModule = LuaModule(
  "yuyan.schedule", "Learning rates as functions of the step.",
  [
    LuaFunction(
      "cosine", "Falls from the peak to the floor along half a cosine wave.",
      Param<ScheduleChoices>("options", "peak, warmup, floor"),
      returns: Returns<ScheduleObject>("schedule", "for lr"),
      example: "yy.schedule.cosine({ peak = 2e-4, warmup = 0.05 })"
    ) { options in try options.make { try Schedule.cosine(peak: $0, warmup: $1, floor: $2) } },
    LuaFunction(
      "linear", "Falls from the peak to the floor along a straight line.",
      Param<ScheduleChoices>("options", "peak, warmup, floor"),
      returns: Returns<ScheduleObject>("schedule", "for lr"),
      example: "yy.schedule.linear({ peak = 2e-4, warmup = 100 })"
    ) { options in try options.make { try Schedule.linear(peak: $0, warmup: $1, floor: $2) } },
    LuaFunction(
      "constant", "Stays at the peak after the warmup.",
      Param<ConstantChoices>("options", "peak, warmup"),
      returns: Returns<ScheduleObject>("schedule", "for lr"),
      example: "yy.schedule.constant({ peak = 1e-4 })"
    ) { options in try options.make() },
  ],
  classes: [ScheduleObject.luaClass])

struct ScheduleChoices: LuaOptions {
  var peak: Double?
  var warmup = 0.0
  var floor = 0.0
  static let luaName = "ScheduleOptions"
  static let fields = [
    Field("peak", "the highest learning rate", \Self.peak, required: true),
    Field("warmup", "length of the ramp: a share of the steps below 1, or a number of steps", \Self.warmup),
    Field("floor", "the learning rate at the end", \Self.floor),
  ]

  func make(_ curve: (Double, Schedule.Warmup, Double) throws -> Schedule) throws -> ScheduleObject {
    ScheduleObject(try curve(peak ?? 0, Schedule.Warmup(lua: warmup), floor))
  }
}

struct ConstantChoices: LuaOptions {
  var peak: Double?
  var warmup = 0.0
  static let luaName = "ConstantScheduleOptions"
  static let fields = [
    Field("peak", "the learning rate", \Self.peak, required: true),
    Field("warmup", "length of the ramp: a share of the steps below 1, or a number of steps", \Self.warmup),
  ]

  func make() throws -> ScheduleObject {
    ScheduleObject(try Schedule.constant(peak ?? 0, warmup: Schedule.Warmup(lua: warmup)))
  }
}

extension Schedule.Warmup {
  /// Below 1 a share of the steps, from 1 on their number.
  init(lua value: Double) throws {
    if value < 1 {
      self = .ratio(value)
    } else {
      guard let steps = Int(exactly: value) else {
        throw BadArgument("warmup", "a share below 1 or a whole number of steps expected, got \(value)")
      }
      self = .steps(steps)
    }
  }
}

/// A schedule as Lua holds it; calling it gives the rate of a step.
final class ScheduleObject: LuaObject, CustomStringConvertible {
  let schedule: Schedule
  init(_ schedule: Schedule) { self.schedule = schedule }
  var description: String { "schedule (\(schedule.name))" }

  static let luaClass = LuaClass<ScheduleObject>(
    "Schedule", "A learning rate as a function of the step.",
    [
      .call(
        "Gives the learning rate of a step.", Param<Int>("step", "from 1"),
        Param<Int>("steps", "of the whole run"),
        returns: Returns<Double>("lr", "the learning rate"), example: "schedule(10, 300)"
      ) { object, step, steps in try object.schedule.learningRate(step: step, of: steps) }
    ])
}
