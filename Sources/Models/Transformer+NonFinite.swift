public import Tensors

extension Transformer {
  /// The first place, in the order of the computation, where a number that is not finite appears for this
  /// row.
  ///
  /// A parameter is named if it holds one itself, else the layer whose output does, by its name in a Hugging
  /// Face folder; nil when everything up to the logits is finite. No gradient is recorded.
  public func firstNonFinite(_ ids: [Int32], documents: [Int], dropout: RandomKey? = nil) throws -> String? {
    if let parameter = parameters.first(where: { $0.tensor.firstNonFinite != nil }) { return parameter.name }
    return try withoutGradients {
      let positions = documents.flatMap { 0..<Int32($0) }
      let pass = Pass(
        positions: positions, tables: tables(), dropout: dropout, type: types.compute,
        context: .documents(documents))
      var x = try embedding.tensor.embedding(ids)
      for block in blocks {
        x = try block(x, pass)
        if x.firstNonFinite != nil { return stem(of: block.attentionNorm.name, dropping: 2) }
      }
      x = try x.rmsNorm(weight: norm.tensor, eps: spec.rmsNormEps, result: types.compute)
      if x.firstNonFinite != nil { return stem(of: norm.name, dropping: 1) }
      for row in 0..<ids.count {
        let logits = try x.rows(row..<row + 1).linear(weight: head.tensor)
        if logits.firstNonFinite != nil { return stem(of: head.name, dropping: 1) }
      }
      return nil
    }
  }

  private func stem(of name: String, dropping count: Int) -> String {
    name.split(separator: ".").dropLast(count).joined(separator: ".")
  }
}
