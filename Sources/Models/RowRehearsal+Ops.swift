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
    let out = tensor(x.count, type)
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
  ///
  /// - Parameter residual: what the result is added to; it gets the same gradient.
  func linear(
    _ x: SizedTensor, _ module: BlockModule, addedTo residual: SizedTensor? = nil, result: DataType = .f32
  ) -> SizedTensor {
    guard let weight = parameter(.weight(module), layer) else {
      preconditionFailure("the layout holds every linear")
    }
    let bias = parameter(.bias(module), layer)
    let a = parameter(.adapterA(module), layer), b = parameter(.adapterB(module), layer)
    let (inputs, outputs) = spec.widths(of: module)
    let (rows, needsX, type) = (rows, x.step != nil, x.type)
    let product = multiplied(as: type)

    let out = tensor(rows * outputs, result)
    let thin = a.map { tensor(rows * $0.shape[0]) }
    withExtendedLifetime(adapterInput(x.type, rows * inputs, a)) {}
    withExtendedLifetime(
      [converted(x, to: product), operand(weight, besides: type), converted(thin, to: product)]
        + [result == .f32 ? nil : tensor(WorkingMemory.product(m: rows, n: outputs, k: inputs))]
    ) {}
    record(
      out, from: [x] + [residual].compactMap(\.self), training: [weight, bias, a, b],
      keeping: [
        weight.isTrained || a?.isTrained == true ? x : nil, b?.isTrained == true ? thin : nil,
      ]
    ) { [self] dout in
      let typed = dout.type == type ? nil : tensor(dout.count, type)
      // Where the CPU multiplies no bf16, both sides are made f32 again.
      let wide = { [self] (count: Int) in type == product ? nil : tensor(count, product) }
      if weight.isTrained {
        accumulate(weight)
        withExtendedLifetime((wide(dout.count), wide(rows * inputs))) {}
      }
      if let b, b.isTrained {
        accumulate(b)
        withExtendedLifetime((wide(dout.count), product == .f32 ? nil : tensor(rows * b.shape[1], product))) {
        }
      }
      let dthin = a.map { tensor(rows * $0.shape[0]) }
      if let a, a.isTrained {
        accumulate(a)
        withExtendedLifetime(adapterInput(type, rows * inputs, a)) {}
      }
      let dx = needsX ? tensor(rows * inputs) : nil
      if needsX {
        withExtendedLifetime((wide(dout.count), operand(weight, besides: type))) {}
        withExtendedLifetime(hasDropout && a != nil ? tensor(rows * inputs) : nil) {}
      }
      accumulate(bias)
      withExtendedLifetime((typed, dthin)) {}
      return [dx, dout]
    }
    return out
  }

  /// What an adapter multiplies: its input in the type of the product, of which dropout leaves out some in f32 first.
  private func adapterInput(_ type: DataType, _ count: Int, _ a: SizedParameter?) -> [SizedTensor?] {
    guard a != nil else { return [] }
    let product = multiplied(as: type)
    guard hasDropout else { return [type == product ? nil : tensor(count, product)] }
    let dropped = withExtendedLifetime(type == .f32 ? nil : tensor(count)) { tensor(count) }
    return [dropped, converted(dropped, to: product)]
  }

  /// Keeps nothing.
  func rotary(_ x: SizedTensor) -> SizedTensor {
    let out = tensor(x.count, type)
    let count = x.count
    record(out, from: [x]) { [self] _ in [tensor(count)] }
    return out
  }

  /// Keeps its arguments, its result and a number for every row and head.
  func attention(q: SizedTensor, k: SizedTensor, v: SizedTensor, documents: [Int]) -> SizedTensor {
    let out = tensor(q.count, type)
    let (rows, product) = (rows, multiplied(as: type))
    let logarithms = tensor(spec.numAttentionHeads * rows)
    withExtendedLifetime(
      [q, k, v].map { converted($0, to: product) } + [attentionScores(documents, backward: false)]
    ) {}
    let counts = [q, k, v].map(\.count), needs = [q, k, v].map { $0.step != nil }
    record(out, from: [q, k, v], keeping: [q, k, v, out, logarithms]) { [self] dout in
      let typed =
        (type == product ? [] : counts.map { tensor($0, product) })
        + (product == .f32 ? [] : [tensor(dout.count, product)])
      withExtendedLifetime(type == .f32 ? nil : tensor(dout.count)) {}
      let delta = tensor(spec.numAttentionHeads * rows)
      let gradients = zip(counts, needs).map { $1 ? tensor($0) : nil }
      withExtendedLifetime((typed, delta, attentionScores(documents, backward: true))) {}
      return gradients
    }
    return out
  }

  private func attentionScores(_ documents: [Int], backward: Bool) -> SizedTensor {
    tensor(
      WorkingMemory.attention(
        documents: documents, heads: spec.numAttentionHeads, kvHeads: spec.numKeyValueHeads,
        headWidth: spec.headWidth, backward: backward))
  }

  /// Keeps both arguments.
  func siluMultiply(_ gate: SizedTensor, _ up: SizedTensor) -> SizedTensor {
    let out = tensor(gate.count, type)
    let count = gate.count
    record(out, from: [gate, up], keeping: [gate, up]) { [self] _ in [tensor(count), tensor(count)] }
    return out
  }

  /// Makes its gradients while the logits are there, and keeps them.
  ///
  /// - Parameter trained: the rows with a target.
  func linearCrossEntropy(_ x: SizedTensor, _ weight: SizedParameter, trained: Int) -> SizedTensor {
    let (count, columns, rows) = (x.count, spec.hiddenSize, rows)
    let recording = needsGradient([x], [weight]), product = multiplied(as: x.type)
    let compact = trained < rows ? tensor(trained * columns, x.type) : nil
    let typed = weight.type == x.type ? nil : tensor(weight.count, x.type)
    let ready = ReadyGradients(
      recording && x.step != nil ? tensor(trained * columns) : nil,
      recording && weight.isTrained ? tensor(weight.count, purpose: .gradients) : nil)
    do {
      let logits = tensor(WorkingMemory.logits(rows: trained, vocabulary: spec.vocabSize))
      let dlogits = recording && x.type != .f32 ? tensor(logits.count, x.type) : nil
      // Where the CPU multiplies no bf16, both sides are made f32 again.
      let wide = x.type == product ? [] : [tensor(weight.count, product)]
      let wideLogits = x.type == product || !recording ? [] : [tensor(logits.count, product)]
      withExtendedLifetime((logits, dlogits, wide, wideLogits)) {}
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
}

/// Gradients made ahead, given away when they are asked for.
private final class ReadyGradients {
  private var dx: SizedTensor?
  private var dweight: SizedTensor?

  init(_ dx: SizedTensor?, _ dweight: SizedTensor?) { (self.dx, self.dweight) = (dx, dweight) }

  func take() -> (dx: SizedTensor?, dweight: SizedTensor?) { (dx.take(), dweight.take()) }
}
