public import Tensors

// What could be changed so that training takes less; nil where there is nothing to change.
extension TrainedShape {
  /// The same with frozen matrices and activations in bf16.
  public func computingInBFloat16() -> TrainedShape? {
    guard types.compute == .f32 else { return nil }
    return with(WeightTypes(compute: .bf16, quantized: types.quantized))
  }

  /// The same with the blocks' linears frozen in few bits, and the rest in bf16.
  public func quantized(to type: DataType) -> TrainedShape? {
    let isFrozen = uses.allSatisfy { use in
      if case .weight = use.place.kind { !use.isTrained } else { true }
    }
    guard isFrozen, types.quantized == nil, !type.isPlain else { return nil }
    return with(WeightTypes(compute: .bf16, quantized: type))
  }

  /// The same with only the adapter trained, not the modules beside it.
  public func trainingOnlyAdapter() -> TrainedShape? {
    guard let lora, !lora.train.isEmpty else { return nil }
    var alone = lora
    alone.train = []
    return adapted(alone)
  }

  /// The same with an adapter of this rank on every linear in place of everything that is trained.
  public func adapted(rank: Int) -> TrainedShape? {
    guard lora == nil, uses.contains(where: \.isTrained) else { return nil }
    return adapted(LoRAOptions(rank: rank, targets: LoRAOptions.allTargets))
  }

  private func adapted(_ lora: LoRAOptions) -> TrainedShape? {
    (try? ShapeReport(spec, types: types, lora: lora)).map { TrainedShape($0) }
  }

  private func with(_ types: WeightTypes) -> TrainedShape {
    var changed = self
    changed.types = types
    for (index, use) in uses.enumerated() where !use.isTrained {
      let type = types.type(of: use.place.kind)
      if type != use.type {
        changed.uses[index] = ParameterUse(place: use.place, isTrained: false, type: type)
      }
    }
    return changed
  }
}
