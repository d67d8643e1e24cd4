import Tensors

// The operations of a row, under the names of their counterparts in Tensors.
extension RowRehearsal {
  /// Keeps nothing.
  func embedding(_ weight: SizedParameter) -> SizedTensor {
    let out = tensor(rows * spec.hiddenSize)
    record(out, from: [], training: [weight]) { [self] _ in
      accumulate(weight)
      return []
    }
    return out
  }

  /// Keeps its input and a number a row.
  func rmsNorm(_ x: SizedTensor, _ weight: SizedParameter) -> SizedTensor {
    let out = tensor(x.count, width: precision.activations)
    let deviations = tensor(rows)
    let (count, needsX) = (x.count, x.step != nil)
    record(out, from: [x], training: [weight], keeping: [x, deviations]) { [self] _ in
      let dx = needsX ? tensor(count) : nil
      accumulate(weight)
      return [dx]
    }
    return out
  }

  /// Keeps its input where the weight or the adapter's A is trained, and the thin product where B is.
  func linear(_ x: SizedTensor, _ module: BlockModule, width: Int = 4) -> SizedTensor {
    guard let weight = parameter(.weight(module), layer) else {
      preconditionFailure("the layout holds every linear")
    }
    let bias = parameter(.bias(module), layer)
    let a = parameter(.adapterA(module), layer), b = parameter(.adapterB(module), layer)
    let (inputs, outputs) = spec.widths(of: module)
    let (rows, needsX, type) = (rows, x.step != nil, x.width)
    let dropped = { [self] in a != nil && hasDropout ? tensor(rows * inputs) : nil }

    let out = tensor(rows * outputs, width: width)
    let thin = a.map { tensor(rows * $0.shape[0]) }
    withExtendedLifetime((dropped(), converted(x), converted(weight, type))) {}
    record(
      out, from: [x], training: [weight, bias, a, b],
      keeping: [
        weight.isTrained || a?.isTrained == true ? x : nil, b?.isTrained == true ? thin : nil,
      ]
    ) { [self] dout in
      let typed = dout.width == type ? nil : tensor(dout.count, width: type)
      for parameter in [weight, b] { accumulate(parameter) }
      let dthin = a.map { tensor(rows * $0.shape[0]) }
      if a?.isTrained == true { withExtendedLifetime(dropped()) { accumulate(a) } }
      let dx = needsX ? tensor(rows * inputs) : nil
      if needsX { withExtendedLifetime((dropped(), converted(weight, type))) {} }
      accumulate(bias)
      withExtendedLifetime((typed, dthin)) {}
      return [dx]
    }
    return out
  }

  /// Keeps nothing.
  func rotary(_ x: SizedTensor) -> SizedTensor {
    let out = tensor(x.count, width: precision.activations)
    let count = x.count
    record(out, from: [x]) { [self] _ in [tensor(count)] }
    return out
  }

  /// Keeps its arguments, its result and a number for every row and head.
  func attention(q: SizedTensor, k: SizedTensor, v: SizedTensor, documents: [Int]) -> SizedTensor {
    let out = tensor(q.count, width: precision.activations)
    let logarithms = tensor(spec.numAttentionHeads * rows)
    withExtendedLifetime(attentionScores(documents, backward: false)) {}
    let counts = [q, k, v].map { $0.step == nil ? nil : $0.count }
    record(out, from: [q, k, v], keeping: [q, k, v, out, logarithms]) { [self] _ in
      let gradients = counts.map { $0.map { tensor($0) } }
      withExtendedLifetime(attentionScores(documents, backward: true)) {}
      return gradients
    }
    return out
  }

  private func attentionScores(_ documents: [Int], backward: Bool) -> SizedTensor {
    tensor(
      WorkingMemory.attention(
        documents: documents, heads: spec.numAttentionHeads, kvHeads: spec.numKeyValueHeads,
        backward: backward))
  }

  /// Keeps nothing; hands its gradient to both.
  func add(_ a: SizedTensor, _ b: SizedTensor) -> SizedTensor {
    let out = tensor(a.count)
    record(out, from: [a, b]) { dout in [dout, dout] }
    return out
  }

  /// Keeps both arguments.
  func siluMultiply(_ gate: SizedTensor, _ up: SizedTensor) -> SizedTensor {
    let out = tensor(gate.count, width: precision.activations)
    let count = gate.count
    record(out, from: [gate, up], keeping: [gate, up]) { [self] _ in [tensor(count), tensor(count)] }
    return out
  }

  /// Makes its gradients while the logits are there, and keeps them.
  ///
  /// - Parameter trained: the rows with a target.
  func linearCrossEntropy(_ x: SizedTensor, _ weight: SizedParameter, trained: Int) -> SizedTensor {
    let (count, columns, rows) = (x.count, spec.hiddenSize, rows)
    let recording = needsGradient([x], [weight])
    let compact = trained < rows ? tensor(trained * columns, width: x.width) : nil
    let typed = converted(weight, x.width)
    let ready = ReadyGradients(
      recording && x.step != nil ? tensor(trained * columns) : nil,
      recording && weight.isTrained ? tensor(weight.count, purpose: .gradients) : nil)
    do {
      let logits = tensor(WorkingMemory.logits(rows: trained, vocabulary: spec.vocabSize))
      let dlogits = recording && x.width < 4 ? tensor(logits.count, width: x.width) : nil
      withExtendedLifetime((logits, dlogits)) {}
    }
    let loss = tensor(1)
    withExtendedLifetime((compact, typed)) {}
    record(loss, from: [x], training: [weight]) { [self] _ in
      let (dx, dweight) = ready.take()
      let spread = dx != nil && trained < rows ? tensor(count) : dx
      accumulate(weight, dweight)
      withExtendedLifetime(dx) {}
      return [spread]
    }
    return loss
  }

  // MARK: - Types

  private var hasDropout: Bool { precision.hasDropout }

  /// A copy of a weight in the type that is multiplied, where it has another.
  private func converted(_ weight: SizedParameter, _ type: Int) -> SizedTensor? {
    let product = precision.product(of: type)
    return weight.width == product ? nil : tensor(weight.count, width: product)
  }

  /// A copy of rows in the type that is multiplied, where they have another.
  private func converted(_ x: SizedTensor) -> SizedTensor? {
    let product = precision.product(of: x.width)
    return x.width == product ? nil : tensor(x.count, width: product)
  }
}

/// Gradients made ahead, given away when they are asked for.
private final class ReadyGradients {
  private var dx: SizedTensor?
  private var dweight: SizedTensor?

  init(_ dx: SizedTensor?, _ dweight: SizedTensor?) { (self.dx, self.dweight) = (dx, dweight) }

  func take() -> (dx: SizedTensor?, dweight: SizedTensor?) { (dx.take(), dweight.take()) }
}
