import Glibc
import Processes
import Tensors

extension Transformer {
  /// The adapter that is attached, if one is.
  var adapters: [(Projection, Projection.Adapter)] {
    projections.compactMap { projection in projection.adapter.map { (projection, $0) } }
  }

  /// Puts A and B beside the linears chosen.
  ///
  /// A starts Kaiming-uniform with a = sqrt 5, so within 1/sqrt(inputs), and B
  /// at zero (PEFT's start), so that the model computes what it did before.
  func attach(_ options: LoRAOptions) throws {
    let modules = try options.modules()
    guard adapters.isEmpty else {
      throw ModelError(argument: "lora", reason: "there is an adapter already: merge it or take it off first")
    }
    let names = try Architecture.of(spec).names
    for projection in projections where modules.contains(projection.module) {
      let stem = AdapterNames.stem(names.module(projection.module, projection.layer))
      let (input, output) = spec.widths(of: projection.module)
      let a = ParameterPlace(
        name: stem + AdapterNames.a, kind: .adapterA(projection.module), layer: projection.layer,
        shape: [options.rank, input])
      let b = ParameterPlace(
        name: stem + AdapterNames.b, kind: .adapterB(projection.module), layer: projection.layer,
        shape: [output, options.rank])
      projection.adapter = .init(
        a: Parameter(
          a,
          tensor: .uniform(
            a.shape, bound: 1 / Float(input).squareRoot(),
            key: RandomKey(seed: options.seed, "lora " + a.name),
            purpose: .weights)),
        b: Parameter(b, tensor: .zeros(b.shape, purpose: .weights)), scale: options.scale,
        dropout: Float(options.dropout))
    }
  }

  /// Adds scale * B A to each weight, in f32, keeps it in the type of products, and takes the adapter off.
  ///
  /// Interrupted, it changes nothing: weights that were merged by then are put back.
  func merge() throws {
    var done: [(Projection, Projection.Adapter, base: Tensor, differed: Bool)] = []
    do {
      for (projection, adapter) in adapters {
        try Interrupt.check()
        let weight = projection.weight
        let merged = try projection.mergedWeight(adapter, computedIn: types.compute)
        done.append((projection, adapter, weight.tensor, weight.differsFromBase))
        weight.replace(with: merged.converted(to: types.compute))
        weight.differsFromBase = true
        projection.adapter = nil
      }
    } catch {
      for (projection, adapter, base, differed) in done {
        projection.weight.replace(with: base)
        projection.weight.differsFromBase = differed
        projection.adapter = adapter
      }
      throw error
    }
  }

  /// Takes the adapter off; the weights stay as they were before it.
  func detach() {
    for projection in projections { projection.adapter = nil }
  }
}

extension Projection {
  /// W + scale * B A, a new tensor of f32.
  ///
  /// Of quantised weights W is what the adapter was trained beside: the dequantised numbers in the type of products.
  func mergedWeight(_ adapter: Adapter, computedIn type: DataType) throws -> Tensor {
    try withoutGradients {
      let product = try adapter.b.tensor.detached().matmul(adapter.a.tensor.detached())
      let base = weight.tensor.dataType.isPlain ? weight.tensor : weight.tensor.converted(to: type)
      let merged =
        weight.tensor.dataType == .f32
        ? base.copy(purpose: .weights) : base.converted(to: .f32, purpose: .weights)
      let (sums, terms) = (merged.pointer, product.pointer)
      for i in 0..<merged.count { sums[i] += adapter.scale * terms[i] }
      withExtendedLifetime(product) {}
      return merged
    }
  }
}

/// The names PEFT gives an adapter's tensors.
enum AdapterNames {
  static let prefix = "base_model.model."
  static let a = ".lora_A.weight"
  static let b = ".lora_B.weight"

  static func stem(_ module: String) -> String { prefix + module }
}
