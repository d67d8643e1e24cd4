import Tensors

extension Transformer {
  static let groups = ["embedding", "head", "norms", "layers", "all", "none"]

  /// Freezes all but the groups named.
  ///
  /// "layers" are the linears of the blocks with their biases, and the norms of the blocks; with a tied head
  /// "embedding" and "head" name the same matrix. While an adapter is attached it stands in for the linears,
  /// which stay frozen.
  func trainOnly(_ names: [String]) throws {
    guard !names.isEmpty else {
      throw ModelError(argument: "names", reason: "at least one name expected; \"none\" freezes everything")
    }
    for name in names where !Self.groups.contains(name) {
      throw ModelError(
        argument: "names", reason: "unknown name '\(name)': \(Self.groups.joined(separator: ", ")) are known")
    }
    if names.contains("none"), names.count > 1 {
      throw ModelError(argument: "names", reason: "\"none\" stands alone")
    }
    let hasAdapter = !adapters.isEmpty
    if !hasAdapter, let group = names.first(where: { $0 == "layers" || $0 == "all" }),
      let weight = parameters.first(where: { !$0.canBeTrained })
    {
      throw ModelError(
        argument: "names",
        reason:
          "'\(group)' takes in '\(weight.name)', which is frozen in \(weight.tensor.dataType.rawValue): "
          + "add_lora puts an adapter beside it that is trained instead, or load the model without quantize")
    }
    for parameter in parameters {
      parameter.isTrainable = names.contains { group in
        switch (group, parameter.kind) {
        case ("all", _): !hasAdapter || !parameter.isLinear
        case ("embedding", .embedding), ("head", .head), ("norms", .norm), ("norms", .blockNorm): true
        case ("head", .embedding): untiedHead == nil
        case ("layers", _): parameter.layer != nil && (!hasAdapter || !parameter.isLinear)
        default: false
        }
      }
    }
  }

  /// Trains all that can be.
  func trainAll() {
    for parameter in parameters { parameter.isTrainable = parameter.canBeTrained }
  }

  /// Freezes everything but the adapter and the whole modules named.
  func trainAdapter(with modules: [String]) {
    for parameter in parameters {
      switch parameter.kind {
      case .adapterA, .adapterB: parameter.isTrainable = true
      case .embedding:
        parameter.isTrainable =
          modules.contains("embedding") || (untiedHead == nil && modules.contains("head"))
      case .head: parameter.isTrainable = modules.contains("head")
      case .norm, .blockNorm: parameter.isTrainable = modules.contains("norms")
      case .weight, .bias: parameter.isTrainable = false
      }
    }
  }
}

extension Parameter {
  /// A weight or bias of a linear, which an adapter stands in for.
  var isLinear: Bool {
    switch kind {
    case .weight, .bias: true
    default: false
    }
  }
}
