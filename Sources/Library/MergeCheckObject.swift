import Models
import Scripting

struct MergeLoRAChoices: LuaOptions {
  var check: String?
  static let luaName = "MergeLoRAOptions"
  static let fields = [
    Field("check", "a text on which the model is compared before and after", \Self.check)
  ]
}

/// A comparison of a merged model, as Lua holds it.
final class MergeCheckObject: LuaObject, CustomStringConvertible {
  let check: MergeCheck
  init(_ check: MergeCheck) { self.check = check }
  var description: String { check.description }

  static let luaClass = LuaClass<MergeCheckObject>(
    "MergeCheck", "How far a merged model is from the model with its adapter, over the tokens of a text.",
    [
      .property("tokens", "Positions compared.") { $0.check.tokens },
      .property("max_difference", "The largest difference between two logits.") { $0.check.maxDifference },
      .property("kl", "KL(adapted || merged) of the next token, in nats a token.") { $0.check.divergence },
      .property("top1_agreement", "The share of positions with the same likeliest token.") {
        $0.check.topAgreement
      },
    ])
}
