public import Tensors

extension Transformer {
  /// The first place, in the order of the computation, where a number that is not finite appears in the loss of
  /// a row.
  ///
  /// The arguments are those of `loss`, which is computed again, operation by operation and without recording; nil
  /// when everything is finite.
  public func firstNonFinite(
    ids: [Int32], targets: [Int32], documents: [Int], scale: Float = 1, dropout: RandomKey? = nil
  ) throws -> NonFinitePlace? {
    var pass = try pass(over: ids, documents: documents, dropout: dropout, recompute: false)
    pass.observer = { layer, op, result in
      guard result.firstNonFinite != nil else { return }
      throw self.place(layer, op, documents: documents.places(of: result))
    }
    do {
      try withoutGradients {
        let rows = try run(ids, pass)
        let layer = head.enclosing(1)
        for row in ids.indices where targets[row] >= 0 {
          let logits = try rows.rows(row..<row + 1).linear(weight: head.tensor)
          guard logits.firstNonFinite != nil else { continue }
          throw place(layer, "linear", documents: documents.places(ofRows: [row]))
        }
        let loss = try rows.linearCrossEntropy(weight: head.tensor, targets: targets, scale: scale)
        _ = try pass.observed(layer, "linear_cross_entropy", loss)
      }
      return nil
    } catch let place as NonFinitePlace { return place }
  }

  /// The operation, in the order of the backward pass, that first gives a gradient that is not finite for a row.
  ///
  /// The arguments are those of `loss`, which is computed again. Gradients must have been cleared before, and
  /// those that are made are left for the caller to clear. Nil when all are finite.
  public func firstNonFiniteGradient(
    ids: [Int32], targets: [Int32], documents: [Int], scale: Float = 1, dropout: RandomKey? = nil,
    recompute: Bool = false
  ) throws -> NonFinitePlace? {
    var pass = try pass(over: ids, documents: documents, dropout: dropout, recompute: recompute)
    pass.observer = { layer, op, result in
      result.inspectGradients { inputs in
        for input in inputs {
          guard let gradient = input.gradient, gradient.firstNonFinite != nil else { continue }
          let name = input.leaf.flatMap { leaf in self.parameters.first { $0.tensor === leaf }?.name }
          throw NonFinitePlace(
            name: layer, op: op, isBackward: true, parameter: name,
            documents: name == nil ? documents.places(of: gradient) : Array(documents.indices))
        }
      }
    }
    do {
      let loss = try run(ids, pass).linearCrossEntropy(weight: head.tensor, targets: targets, scale: scale)
      try pass.observed(head.enclosing(1), "linear_cross_entropy", loss).backward()
      return nil
    } catch let place as NonFinitePlace { return place }
  }

  /// A parameter of the layer if one holds such a number itself, else the operation.
  private func place(_ layer: String, _ op: String, documents: [Int]) -> NonFinitePlace {
    let stems = [layer + ".", AdapterNames.stem(layer) + "."]
    let parameter = parameters.first { parameter in
      stems.contains { parameter.name.hasPrefix($0) } && parameter.tensor.dataType.isPlain
        && parameter.tensor.firstNonFinite != nil
    }
    if let parameter { return NonFinitePlace(name: parameter.name, documents: documents) }
    return NonFinitePlace(name: layer, op: op, documents: documents)
  }
}

/// Lengths of documents that share a row.
extension [Int] {
  /// The documents whose rows of a result (T, ...) hold a number that is not finite; all for another shape.
  fileprivate func places(of result: Tensor) -> [Int] {
    let length = reduce(0, +)
    guard result.shape.count == 2, result.shape[0] == length else { return Array(indices) }
    return places(
      ofRows: (0..<length).filter { (try? result.detached().rows($0..<$0 + 1).firstNonFinite) ?? nil != nil })
  }

  fileprivate func places(ofRows rows: [Int]) -> [Int] {
    var end = 0
    return indices.filter { index in
      let start = end
      end += self[index]
      return rows.contains { (start..<end).contains($0) }
    }
  }
}
