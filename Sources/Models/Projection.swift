import Tensors

/// One of the linears of a block, with at most one adapter beside it.
final class Projection {
  let module: BlockModule
  let layer: Int
  let weight: Parameter
  let bias: Parameter?
  var adapter: Adapter?

  /// LoRA's pair of thin matrices (arXiv:2106.09685): A (r,K), B (N,r), applied as scale * x A' B'.
  struct Adapter {
    let a: Parameter
    let b: Parameter
    let scale: Float
    let dropout: Float
  }

  init(_ module: BlockModule, layer: Int, weight: Parameter, bias: Parameter?) {
    self.module = module
    self.layer = layer
    self.weight = weight
    self.bias = bias
  }

  var parameters: [Parameter] {
    [weight, bias, adapter?.a, adapter?.b].compactMap(\.self)
  }

  /// Maps x (T,K) to (T,N) of the type `result`, added to `residual` where there is one.
  ///
  /// Dropout happens on the adapter's input, and only when the pass has a key for it.
  func callAsFunction(
    _ x: Tensor, _ pass: Pass, addedTo residual: Tensor? = nil, result: DataType = .f32
  ) throws -> Tensor {
    guard let adapter else {
      return try pass.observed(
        weight.enclosing(1), "linear",
        x.linear(
          weight: weight.tensor, bias: bias?.tensor, residual: residual, result: result,
          readsOnce: pass.context.isCached))
    }
    var dropout: Dropout?
    if let key = pass.dropout, adapter.dropout > 0 {
      dropout = Dropout(
        probability: adapter.dropout, key: key.child(module.rawValue, UInt64(layer)))
    }
    let product = try x.loraLinear(
      weight: weight.tensor, bias: bias?.tensor, a: adapter.a.tensor, b: adapter.b.tensor,
      scale: adapter.scale, dropout: dropout, residual: residual, result: result,
      readsOnce: pass.context.isCached)
    return try pass.observed(weight.enclosing(1), "lora_linear", product)
  }
}
