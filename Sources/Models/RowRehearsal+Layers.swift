import Tensors

// The layers of a row, in the order of `Block`, `Attention`, `FeedForward` and `Transformer`.
extension RowRehearsal {
  /// Forward and backward through a row, whose gradients are added to those that are there.
  ///
  /// - Parameter trained: the tokens with a target.
  func train(documents: [Int], trained: Int, recompute: Bool) {
    let loss = loss(documents: documents, trained: trained, recompute: recompute)
    loss.step?.gradient = tensor(1)
    backward()
    tally.moment = .update
    withExtendedLifetime(loss) {}
  }

  /// The loss of a row without a gradient.
  func evaluate(documents: [Int], trained: Int) {
    withoutGradients {
      withExtendedLifetime(loss(documents: documents, trained: trained, recompute: false)) {}
    }
  }

  private func loss(documents: [Int], trained: Int, recompute: Bool) -> SizedTensor {
    rows = documents.reduce(0, +)
    let hidden = hidden(documents, recompute: recompute)
    tally.moment = .loss
    return linearCrossEntropy(hidden, required(untiedHead ?? embedding), trained: trained)
  }

  private func hidden(_ documents: [Int], recompute: Bool) -> SizedTensor {
    layer = nil
    var x = embedding(required(embedding))
    for number in 0..<spec.numHiddenLayers {
      layer = number
      tally.moment = .forward(layer: number)
      x = recompute ? recomputed(x, documents) : block(x, documents)
    }
    layer = nil
    return rmsNorm(x, required(parameter(.norm)))
  }

  private func block(_ x: SizedTensor, _ documents: [Int]) -> SizedTensor {
    let normed = rmsNorm(x, required(parameter(.blockNorm(.attentionNorm), layer)))
    let h = attention(normed, documents, addedTo: x)
    return feedForward(rmsNorm(h, required(parameter(.blockNorm(.feedForwardNorm), layer))), addedTo: h)
  }

  private func attention(
    _ x: SizedTensor, _ documents: [Int], addedTo residual: SizedTensor
  ) -> SizedTensor {
    let queries = rotary(linear(x, .q))
    let keys = rotary(linear(x, .k))
    let values = linear(x, .v, result: type)
    let mixed = attention(q: queries, k: keys, v: values, documents: documents)
    return linear(mixed, .o, addedTo: residual)
  }

  private func feedForward(_ x: SizedTensor, addedTo residual: SizedTensor) -> SizedTensor {
    let gated = linear(x, .gate, result: type)
    let lifted = linear(x, .up, result: type)
    return linear(siluMultiply(gated, lifted), .down, addedTo: residual)
  }

  /// A block of which only the input is kept: the backward pass computes it again.
  private func recomputed(_ x: SizedTensor, _ documents: [Int]) -> SizedTensor {
    let number = layer
    let trained = BlockModule.allCases.flatMap { module in
      [ParameterKind.blockNorm(module), .weight(module), .bias(module), .adapterA(module), .adapterB(module)]
        .map { parameter($0, number) }
    }
    let out = withoutGradients { block(x, documents) }
    record(out, from: [x], training: trained, keeping: [x]) { [self] dout in
      let start = RehearsedStep(layer: number, inputs: [], keeping: []) { _ in [] }
      layer = number
      let input = x.step == nil ? nil : start
      withTapeOfItsOwn {
        let before = x.step
        x.step = input
        let again = block(x, documents)
        x.step = before
        again.step?.gradient = dout
        backward()
      }
      layer = nil
      return [start.gradient]
    }
    return out
  }

  private var embedding: SizedParameter? { parameter(.embedding) }
  private var untiedHead: SizedParameter? { parameter(.head) }

  private func required(_ parameter: SizedParameter?) -> SizedParameter {
    guard let parameter else { preconditionFailure("the layout holds every parameter") }
    return parameter
  }
}
