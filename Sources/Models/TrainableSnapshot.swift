import Tensors

/// The trained parameters of a model as they were at one moment, to be put back bit for bit.
public final class TrainableSnapshot {
  private struct Entry {
    let parameter: Parameter
    let tensor: Tensor
    /// The numbers; nil where training puts an f32 copy in the tensor's place and leaves itself alone.
    let copy: Tensor?
    let differsFromBase: Bool
  }

  private let entries: [Entry]

  /// Copies the numbers of every trained parameter but those that training itself copies.
  public init(of transformer: Transformer) {
    entries = transformer.trainable.map { parameter in
      Entry(
        parameter: parameter, tensor: parameter.tensor,
        copy: parameter.isReplacedByTraining ? nil : parameter.tensor.copy(purpose: .weights),
        differsFromBase: parameter.differsFromBase)
    }
  }

  /// Puts the tensors and their numbers back and forgets their gradients.
  public func restore() {
    for entry in entries {
      if entry.parameter.tensor !== entry.tensor { entry.parameter.replace(with: entry.tensor) }
      if let copy = entry.copy {
        do { try entry.tensor.assign(copy) } catch { preconditionFailure("a copy has its original's shape") }
      }
      entry.tensor.zeroGrad()
      entry.parameter.differsFromBase = entry.differsFromBase
    }
  }
}
