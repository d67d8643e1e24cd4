public import Tensors

/// In which types a model keeps its weights, and computes.
///
/// Norms and biases are f32 always, and so is whatever training has taken over.
public struct WeightTypes: Equatable, Sendable {
  /// Of activations between products, and of the matrices that are not quantised: f32 or bf16.
  public let compute: DataType
  /// Of the blocks' linears where they are quantised: int8 or nf4.
  public let quantized: DataType?

  public static let f32 = WeightTypes(compute: .f32, quantized: nil)

  init(compute: DataType, quantized: DataType?) {
    self.compute = compute
    self.quantized = quantized
  }

  /// - Parameters:
  ///   - dtype: "f32" or "bf16"; without it f32, beside quantised weights bf16.
  ///   - quantize: "int8" or "nf4"; nil for none.
  public init(dtype: String?, quantize: String?) throws {
    let quantized = try quantize.map { name in
      guard let type = DataType(rawValue: name), !type.isPlain else {
        throw ModelError(argument: "quantize", reason: "\"int8\" or \"nf4\" expected, got \"\(name)\"")
      }
      return type
    }
    let name = dtype ?? (quantized == nil ? "f32" : "bf16")
    guard let compute = DataType(rawValue: name), compute.isPlain else {
      throw ModelError(argument: "dtype", reason: "\"f32\" or \"bf16\" expected, got \"\(name)\"")
    }
    self.init(compute: compute, quantized: quantized)
  }

  func type(of kind: ParameterKind) -> DataType {
    switch kind {
    case .norm, .blockNorm, .bias, .adapterA, .adapterB: .f32
    case .weight: quantized ?? compute
    case .embedding, .head: compute
    }
  }
}

extension WeightTypes: CustomStringConvertible {
  public var description: String {
    quantized.map { "\($0.rawValue), \(compute.rawValue)" } ?? compute.rawValue
  }
}
