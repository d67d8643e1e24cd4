import Files

/// A family of models as data: where its tensors are called what, and how its `config.json` is read and
/// written.
struct Architecture: Sendable {
  /// The `model_type` of config.json.
  let name: String
  /// The class Transformers loads it with.
  let className: String
  let names: WeightNames
  let spec: @Sendable (HFConfig) throws -> ModelSpec
  let fields: @Sendable (ModelSpec) -> [(String, JSON)]

  static let all: [Architecture] = [.llama]

  static func named(_ name: String, _ config: HFConfig) throws -> Architecture {
    guard let match = all.first(where: { $0.name == name }) else {
      let known = all.map(\.name).joined(separator: ", ")
      throw config.fault("model_type", "\"\(name)\" is not supported: \(known) is")
    }
    return match
  }

  static func of(_ spec: ModelSpec) throws -> Architecture {
    guard let match = all.first(where: { $0.name == spec.architecture }) else {
      let known = all.map(\.name).joined(separator: ", ")
      throw ModelError(
        argument: "architecture", reason: "\"\(spec.architecture)\" is not supported: \(known) is")
    }
    return match
  }
}

/// The modules of a transformer under canonical names, each with the name a family's files give it.
struct WeightNames: Sendable {
  let embedding: String
  let norm: String
  let head: String
  /// `{i}` stands for the layer, from 0.
  let block: [BlockModule: String]
  /// Buffers that old files hold and nobody needs.
  let ignored: [String]

  func module(_ module: BlockModule, _ layer: Int) -> String {
    guard let template = block[module] else { preconditionFailure("every family names every module") }
    return template.replacing("{i}", with: String(layer))
  }
}

/// What one block is made of, in the order of its parameters.
public enum BlockModule: String, CaseIterable, Sendable {
  case q, k, v, o, gate, up, down, attentionNorm, feedForwardNorm

  public static let linears: [BlockModule] = [.q, .k, .v, .o, .gate, .up, .down]

  var isNorm: Bool { self == .attentionNorm || self == .feedForwardNorm }
}
