import Scripting
import Training

let optimModule = LuaModule(
  "yuyan.optim", "Optimizers.",
  [
    LuaFunction(
      "adamw", "AdamW with decoupled weight decay; norms and biases never decay.",
      Param<AdamWChoices>("options", "PyTorch's names and defaults"),
      returns: Returns<OptimizerObject>("optimizer", "for yy.train.run"),
      example: "yy.optim.adamw({ weight_decay = 0.01 })"
    ) { options in OptimizerObject(options.options()) }
  ],
  classes: [OptimizerObject.luaClass])

struct AdamWChoices: LuaOptions {
  var betas = [0.9, 0.999]
  var eps = 1e-8
  var weightDecay = 0.01
  static let luaName = "AdamWOptions"
  static let fields = [
    Field("betas", "decay of the first and the second moment", \Self.betas),
    Field("eps", "added to the root of the second moment", \Self.eps),
    Field("weight_decay", "share of a weight that a step at learning rate 1 takes away", \Self.weightDecay),
  ]

  func validate() throws {
    guard betas.count == 2 else { throw BadArgument("betas", "two numbers expected, got \(betas.count)") }
    if let beta = betas.first(where: { !(0..<1).contains($0) }) {
      throw BadArgument("betas", "numbers from 0 on and below 1 expected, got \(beta)")
    }
    guard eps > 0, eps.isFinite else { throw BadArgument("eps", "a positive number expected, got \(eps)") }
    guard weightDecay >= 0, weightDecay.isFinite else {
      throw BadArgument("weight_decay", "a number from 0 on expected, got \(weightDecay)")
    }
  }

  func options() -> AdamWOptions {
    AdamWOptions(beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay: weightDecay)
  }
}

/// An optimizer's settings as Lua holds them.
final class OptimizerObject: LuaObject, CustomStringConvertible {
  let options: AdamWOptions
  init(_ options: AdamWOptions) { self.options = options }
  var description: String {
    "adamw (betas \(options.beta1) and \(options.beta2), eps \(options.epsilon), weight decay \(options.weightDecay))"
  }

  static let luaClass = LuaClass<OptimizerObject>("Optimizer", "The settings of an optimizer.", [])
}
