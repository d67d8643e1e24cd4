import Models
import Tensors

/// A change that would make training take less memory, and how much.
public struct PlanAdvice: Equatable, Sendable {
  /// What to write, such as `length = 256 instead of 512`; several where none is enough.
  public let change: String
  /// What it costs, in a few words.
  public let price: String
  /// Bytes that it saves at the peak.
  public let saves: Int
  public let fits: Bool
}

extension PlanAdvice {
  /// A change of a setup; of two of the same kind the later stands for both.
  private struct Change {
    let kind: Kind
    let text: String
    let price: String
    let setup: TrainingPlan.Setup
  }

  /// In the order of how little they hurt.
  private enum Kind: CaseIterable { case window, recompute, types, modules, length, adapter }

  /// Every change by itself, and where none is enough those that are, together: each computed as the plan is.
  static func all(for setup: TrainingPlan.Setup, from memory: TrainingMemory, upTo limit: Int) -> [PlanAdvice]
  {
    var found: [PlanAdvice] = []
    for kind in Kind.allCases {
      let gains = changes(kind, of: setup).map { change in
        let total = TrainingMemory(change.setup.shape, change.setup.run).total
        return PlanAdvice(
          change: change.text, price: change.price, saves: memory.total - total, fits: total <= limit)
      }
      // The mildest that is enough; where none is, the mildest, and every type.
      if let enough = gains.first(where: \.fits) {
        found.append(enough)
      } else {
        let useful = gains.filter { $0.saves > memory.total / 100 }
        found += kind == .types ? useful : Array(useful.prefix(1))
      }
    }
    if !found.contains(where: \.fits), let together = together(setup, memory, upTo: limit) {
      found.append(together)
    }
    return found
  }

  /// One change after the other until it fits; nil where all of them are not enough.
  private static func together(
    _ setup: TrainingPlan.Setup, _ memory: TrainingMemory, upTo limit: Int
  ) -> PlanAdvice? {
    var (setup, total, texts) = (setup, memory.total, [String]())
    for kind in Kind.allCases {
      var latest: String?
      for change in changes(kind, of: setup) {
        let changed = TrainingMemory(change.setup.shape, change.setup.run).total
        guard changed < total else { continue }
        (setup, total, latest) = (change.setup, changed, change.text)
        if total <= limit { break }
      }
      if let latest { texts.append(latest) }
      if total <= limit {
        return PlanAdvice(
          change: texts.joined(separator: ", "), price: "together", saves: memory.total - total, fits: true)
      }
    }
    return nil
  }

  /// The changes of a kind that this setup has left, the mildest first.
  private static func changes(_ kind: Kind, of setup: TrainingPlan.Setup) -> [Change] {
    func change(_ text: String, _ price: String, _ body: (inout TrainingPlan.Setup) -> Bool) -> [Change] {
      var changed = setup
      guard body(&changed) else { return [] }
      return [Change(kind: kind, text: text, price: price, setup: changed)]
    }
    func shape(_ text: String, _ price: String, _ shape: TrainedShape?) -> [Change] {
      change(text, price) { setup in
        guard let shape else { return false }
        setup.shape = shape
        return true
      }
    }
    let length = setup.run.length
    switch kind {
    case .window:
      return change("evaluate.window = \(length)", "texts are measured in shorter windows") { setup in
        guard setup.hasWindow, let window = setup.run.evaluationLength, window > length else { return false }
        setup.run.evaluationLength = length
        return true
      }
    case .recompute:
      return change("recompute = true", "the same bits in about a third more time") { setup in
        guard !setup.run.recompute else { return false }
        setup.run.recompute = true
        return true
      }
    case .types:
      return shape(#"dtype = "bf16""#, "rounds what is multiplied", setup.shape.computingInBFloat16())
        + shape(#"quantize = "int8""#, "frozen weights in 8 bits", setup.shape.quantized(to: .int8))
        + shape(#"quantize = "nf4""#, "frozen weights in 4 bits", setup.shape.quantized(to: .nf4))
    case .modules:
      return shape("train = {} in add_lora", "trains the adapter alone", setup.shape.trainingOnlyAdapter())
    case .length:
      return sequence(first: length / 2) { $0 / 2 }.prefix { $0 >= 32 }.flatMap { shorter in
        change("length = \(shorter) instead of \(length)", "texts are cut shorter") { setup in
          setup.run.length = shorter
          return true
        }
      }
    case .adapter:
      return shape(
        "add_lora { rank = 8 } on every linear", "trains an adapter only", setup.shape.adapted(rank: 8))
    }
  }
}
