import Corpus
import Models
import Processes
import Tensors

/// The gradients of a step's rows, added one after the other.
struct WindowGradients {
  let model: Transformer
  let optimizer: Optimizer
  let options: TrainingOptions

  /// Adds every row's gradient in order; returns the loss.
  func add(of window: RowWindow, step: Int) throws -> Double {
    var total = 0.0
    for (index, row) in window.rows.enumerated() {
      try Interrupt.check()
      total += try add(of: row, scale: window.scale, dropout: key(step, index), step: step)
    }
    return total
  }

  private func add(of row: Row, scale: Float, dropout: RandomKey, step: Int) throws -> Double {
    let loss = try model.loss(
      ids: row.ids, targets: row.targets, documents: row.documents, scale: scale, dropout: dropout,
      recompute: options.recompute)
    let value = Double(try loss.item())
    guard value.isFinite else {
      let place = try model.firstNonFinite(
        ids: row.ids, targets: row.targets, documents: row.documents, scale: scale, dropout: dropout)
      throw NonFiniteError(step: step, quantity: "loss", value: value, place: place, in: row)
    }
    try loss.backward()
    ProcessMemory.returnFreePages()
    return value
  }

  /// Goes through the window once more, row by row, to find whose gradient is not finite, and where.
  func fault(_ norm: Double, in window: RowWindow, step: Int) throws -> NonFiniteError {
    let parameter = optimizer.nonFiniteGradient()
    for (index, row) in window.rows.enumerated() {
      optimizer.clearGradients()
      let place = try model.firstNonFiniteGradient(
        ids: row.ids, targets: row.targets, documents: row.documents, scale: window.scale,
        dropout: key(step, index), recompute: options.recompute)
      if let place {
        return NonFiniteError(step: step, quantity: "gradient", value: norm, place: place, in: row)
      }
    }
    // Finite row by row: their sum is what overflowed.
    return NonFiniteError(
      step: step, quantity: "gradient", value: "\(norm)",
      place: parameter.map { "the sum of the samples' gradients of \($0)" }, samples: window.samples)
  }

  private func key(_ step: Int, _ row: Int) -> RandomKey {
    RandomKey(seed: options.seed, "dropout", UInt64(step), UInt64(row))
  }
}

extension RowWindow {
  /// What each row's sum of losses is multiplied by to give its part of the mean.
  var scale: Float { 1 / Float(trainedTokens) }
}
