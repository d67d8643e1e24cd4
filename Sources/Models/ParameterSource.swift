import Files
import Tensors

/// Where the tensors of a model come from when it is built.
protocol ParameterSource {
  /// The tensor as the file or generator has it, of a plain type; `type` is what it will be converted to.
  func tensor(_ place: ParameterPlace, for type: DataType) throws -> Tensor
}

/// New weights as Transformers starts a Llama: normal with the spec's deviation, norms one, biases zero.
///
/// Each tensor is drawn by (seed, name), so that no other tensor and no order of calls can change it.
struct InitialWeights: ParameterSource {
  let seed: UInt64
  let deviation: Float

  func tensor(_ place: ParameterPlace, for type: DataType) throws -> Tensor {
    // Asked for here, so that a model too large for the machine is an error and not the end of the process.
    let empty = try Tensor.allocate(place.shape, purpose: .weights, op: "new", argument: place.name)
    if place.kind.isNorm || place.kind.isBias {
      empty.fill(place.kind.isNorm ? 1 : 0)
      return empty
    }
    return Tensor.normal(
      place.shape, standardDeviation: deviation, key: RandomKey(seed: seed, "initial " + place.name),
      purpose: .weights)
  }
}

/// Weights of a Hugging Face folder.
struct FolderWeights: ParameterSource {
  let folder: WeightFolder

  func tensor(_ place: ParameterPlace, for type: DataType) throws -> Tensor {
    try folder.tensor(place.name, shape: place.shape, keepsBFloat16: type == .bf16)
  }

  /// Throws when tensors are missing, or when there are some that the spec knows nothing of.
  func check(_ layout: ParameterLayout, _ names: WeightNames) throws {
    let expected = Set(layout.places.map(\.name))
    let found = Set(folder.names)
    let missing = layout.places.map(\.name).filter { !found.contains($0) }
    // A tied head may be in the file as well; Transformers, too, takes the embedding for both.
    let surplus = folder.names.filter { name in
      !expected.contains(name) && name != names.head + ".weight"
        && !names.ignored.contains { name.hasSuffix($0) }
    }
    if !missing.isEmpty {
      throw FileError(path: folder.folder, reason: "tensors are missing: " + listed(missing))
    }
    if !surplus.isEmpty {
      throw FileError(
        path: folder.folder, reason: "tensors that config.json does not account for: " + listed(surplus))
    }
  }

  private func listed(_ names: [String]) -> String {
    let shown = names.prefix(4).joined(separator: ", ")
    return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
  }
}

extension Tensor {
  /// The tensor in the type that a model keeps it in.
  ///
  /// Throws `ModelError` naming the parameter when numbers that are to be quantised are not finite, `TensorError` when
  /// the memory does not suffice.
  func kept(as type: DataType, name: String) throws -> Tensor {
    guard type != dataType else { return self }
    if !type.isPlain, let place = firstNonFinite {
      let (row, column) = place.quotientAndRemainder(dividingBy: shape[1])
      throw ModelError(
        argument: "quantize",
        reason: "'\(name)' holds a number that is not finite, in row \(row + 1), column \(column + 1): it "
          + "cannot be quantised")
    }
    let kept = try Tensor.allocate(shape, type: type, purpose: .weights, op: "load", argument: name)
    convert(into: kept)
    forgetPages()
    return kept
  }
}
