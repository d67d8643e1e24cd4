public import Tensors

/// A named weight of a model, whose tensor is the leaf that training updates.
public final class Parameter {
  /// The name in a Hugging Face folder; an adapter's parameters bear PEFT's names.
  public let name: String
  public let kind: ParameterKind
  /// The block it belongs to, from 0; nil outside the blocks.
  public let layer: Int?
  public internal(set) var tensor: Tensor
  /// Whether it may differ from the base that was loaded, so that an adapter must hold it.
  ///
  /// Set when training takes it over, when the vocabulary grows and by merging.
  var differsFromBase = false

  init(_ place: ParameterPlace, tensor: Tensor) {
    precondition(tensor.shape == place.shape, "a source gives the shape asked for")
    name = place.name
    kind = place.kind
    layer = place.layer
    self.tensor = tensor
  }

  /// The module so many levels above: 1 for the one it belongs to, as `model.layers.0.mlp.up_proj`.
  func enclosing(_ levels: Int) -> String {
    name.split(separator: ".").dropLast(levels).joined(separator: ".")
  }

  public var isAdapter: Bool { kind.isAdapter }
  public var count: Int { tensor.count }
  public var shape: [Int] { tensor.shape }

  /// Whether training could update it: quantised weights stay as they are.
  var canBeTrained: Bool { tensor.dataType.isPlain }

  /// Whether training updates it.
  public var isTrainable: Bool {
    get { tensor.requiresGrad }
    set {
      tensor.requiresGrad = newValue
      if !newValue { tensor.zeroGrad() }
    }
  }

  /// Puts another tensor in its place, as trainable as the old one.
  func replace(with tensor: Tensor) {
    tensor.requiresGrad = isTrainable
    self.tensor = tensor
  }
}
