/// What a parameter is for; decides how it starts, which group of `trainOnly` it belongs to and whether it
/// decays.
public enum ParameterKind: Hashable, Sendable {
  case embedding, head, norm
  case weight(BlockModule)
  case bias(BlockModule)
  case blockNorm(BlockModule)
  /// LoRA's A and B beside a linear.
  case adapterA(BlockModule)
  case adapterB(BlockModule)

  public var isNorm: Bool {
    switch self {
    case .norm, .blockNorm: true
    default: false
    }
  }

  public var isBias: Bool {
    if case .bias = self { true } else { false }
  }

  public var isAdapter: Bool {
    switch self {
    case .adapterA, .adapterB: true
    default: false
    }
  }
}

/// Name, shape and place of one parameter: known from the spec alone, before anything is allocated.
struct ParameterPlace: Hashable, Sendable {
  let name: String
  let kind: ParameterKind
  let layer: Int?
  let shape: [Int]

  var count: Int { shape.reduce(1, *) }
}

/// All parameters of a spec, in the order of Transformers' `named_parameters`.
struct ParameterLayout {
  let places: [ParameterPlace]

  init(_ spec: ModelSpec) throws {
    let names = try Architecture.of(spec).names
    var places: [ParameterPlace] = [
      .init(
        name: names.embedding + ".weight", kind: .embedding, layer: nil,
        shape: [spec.vocabSize, spec.hiddenSize])
    ]
    for layer in 0..<spec.numHiddenLayers {
      for module in BlockModule.allCases {
        let stem = names.module(module, layer)
        if module.isNorm {
          places.append(
            .init(name: stem + ".weight", kind: .blockNorm(module), layer: layer, shape: [spec.hiddenSize]))
          continue
        }
        let (input, output) = spec.widths(of: module)
        places.append(
          .init(name: stem + ".weight", kind: .weight(module), layer: layer, shape: [output, input]))
        if spec.hasBias(module) {
          places.append(.init(name: stem + ".bias", kind: .bias(module), layer: layer, shape: [output]))
        }
      }
    }
    places.append(.init(name: names.norm + ".weight", kind: .norm, layer: nil, shape: [spec.hiddenSize]))
    if !spec.tieWordEmbeddings {
      places.append(
        .init(
          name: names.head + ".weight", kind: .head, layer: nil, shape: [spec.vocabSize, spec.hiddenSize]))
    }
    self.places = places
  }
}

extension ModelSpec {
  /// Input and output width of a linear.
  func widths(of module: BlockModule) -> (input: Int, output: Int) {
    switch module {
    case .q: (hiddenSize, queryWidth)
    case .k, .v: (hiddenSize, keyValueWidth)
    case .o: (queryWidth, hiddenSize)
    case .gate, .up: (hiddenSize, intermediateSize)
    case .down: (intermediateSize, hiddenSize)
    case .attentionNorm, .feedForwardNorm: (hiddenSize, hiddenSize)
    }
  }

  func hasBias(_ module: BlockModule) -> Bool {
    switch module {
    case .q, .k, .v: attentionBias
    case .o: outputBias
    case .gate, .up, .down: mlpBias
    case .attentionNorm, .feedForwardNorm: false
    }
  }
}
