import Files
import Tensors

/// Counts and shapes of a model, known from its spec alone: nothing of its size is allocated.
public struct ShapeReport: Equatable, Sendable, CustomStringConvertible {
  public let spec: ModelSpec
  let types: WeightTypes
  public let lora: LoRAOptions?
  /// All parameters, an adapter's included; a tied matrix counts once.
  public let parameters: Int
  /// Those that training updates.
  public let trainable: Int
  let uses: [ParameterUse]
  private let rows: [Row]

  private struct Row: Equatable, Sendable {
    let name: String
    let shape: [Int]
    let type: DataType
    let copies: Int
    let trained: Int
    var count: Int { shape.reduce(copies, *) }
    var bytes: Int { copies * type.byteCount(shape) }
  }

  public var trainablePercentage: Double {
    parameters == 0 ? 0 : 100 * Double(trainable) / Double(parameters)
  }
  /// Bytes of the weights.
  public var weightBytes: Int { rows.reduce(0) { $0 + $1.bytes } }
  /// Bytes that training adds for gradients and AdamW's two moments, and for making f32 what is trained.
  public var trainingBytes: Int {
    rows.reduce(12 * trainable) { $0 + $1.trained * (4 - ($1.type.isPlain ? $1.bytes / $1.count : 4)) }
  }

  /// - Parameters:
  ///   - types: the types of the weights; quantised ones are not trainable.
  ///   - lora: the adapter to count; then only it and the modules of its `train` are trainable.
  ///   - train: the groups of `trainOnly` to count as trainable when there is no adapter; all by default.
  public init(
    _ spec: ModelSpec, types: WeightTypes = .f32, lora: LoRAOptions? = nil, train: [String] = ["all"]
  ) throws {
    try spec.validate()
    let targets = Set(try lora?.modules() ?? [])
    if let stray = train.first(where: { !Transformer.groups.contains($0) }) {
      throw ModelError(
        argument: "train",
        reason: "unknown name '\(stray)': \(Transformer.groups.joined(separator: ", ")) are known")
    }
    let groups = Set(lora.map { $0.train } ?? train)
    let isTied = spec.tieWordEmbeddings
    var uses: [ParameterUse] = []
    for place in try ParameterLayout(spec).places {
      let type = types.type(of: place.kind)
      let isTrained = Self.isTrained(place, groups, isTied: isTied, hasAdapter: lora != nil)
      uses.append(ParameterUse(place: place, isTrained: isTrained && type.isPlain, type: type))
      // An adapter stands behind its linear's last parameter, as in the model.
      guard let lora, let module = place.kind.lastOfLinear(spec), targets.contains(module) else { continue }
      let (input, output) = spec.widths(of: module)
      let shapes = [
        (ParameterKind.adapterA(module), [lora.rank, input]), (.adapterB(module), [output, lora.rank]),
      ]
      for (kind, shape) in shapes {
        let place = ParameterPlace(name: kind.label, kind: kind, layer: place.layer, shape: shape)
        uses.append(ParameterUse(place: place, isTrained: true, type: types.type(of: kind)))
      }
    }
    self.init(spec, types, lora, uses)
  }

  init(_ model: LanguageModel) {
    let uses = model.transformer.parameters.map { parameter in
      ParameterUse(
        place: ParameterPlace(
          name: parameter.name, kind: parameter.kind, layer: parameter.layer, shape: parameter.shape),
        isTrained: parameter.isTrainable, type: parameter.tensor.dataType,
        isMapped: parameter.tensor.isBorrowed)
    }
    self.init(model.spec, model.transformer.types, model.lora, uses)
  }

  private init(_ spec: ModelSpec, _ types: WeightTypes, _ lora: LoRAOptions?, _ uses: [ParameterUse]) {
    var order: [String] = []
    var rows: [String: Row] = [:]
    for use in uses {
      let (place, type) = (use.place, use.type)
      let name = place.kind.label
      let key = "\(name) \(place.shape) \(type.rawValue)"
      if rows[key] == nil { order.append(key) }
      let old = rows[key]
      rows[key] = Row(
        name: name, shape: place.shape, type: type, copies: (old?.copies ?? 0) + 1,
        trained: (old?.trained ?? 0) + (use.isTrained ? place.count : 0))
    }
    self.spec = spec
    self.types = types
    self.lora = lora
    self.uses = uses
    self.rows = order.compactMap { rows[$0] }
    parameters = uses.reduce(0) { $0 + $1.place.count }
    trainable = uses.reduce(0) { $0 + ($1.isTrained ? $1.place.count : 0) }
  }

  private static func isTrained(
    _ place: ParameterPlace, _ groups: Set<String>, isTied: Bool, hasAdapter: Bool
  ) -> Bool {
    switch place.kind {
    case .embedding: !groups.isDisjoint(with: isTied ? ["all", "embedding", "head"] : ["all", "embedding"])
    case .head: !groups.isDisjoint(with: ["all", "head"])
    case .norm: !groups.isDisjoint(with: ["all", "norms"])
    case .blockNorm: !groups.isDisjoint(with: ["all", "norms", "layers"])
    case .weight, .bias: !hasAdapter && !groups.isDisjoint(with: ["all", "layers"])
    case .adapterA, .adapterB: true
    }
  }

  /// At most 80 columns.
  public var description: String {
    let shared = spec.numKeyValueHeads != spec.numAttentionHeads
    let heads =
      "\(spec.numAttentionHeads) heads" + (shared ? " (\(spec.numKeyValueHeads) for keys and values)" : "")
    let head = spec.tieWordEmbeddings ? "tied to the embedding" : "of its own"
    let shape = "\(spec.numHiddenLayers) layers, hidden \(spec.hiddenSize), \(heads) of \(spec.headWidth)"
    var lines = [
      "\(spec.architecture): \(shape)",
      "vocabulary \(spec.vocabSize), context \(spec.maxPositionEmbeddings), head \(head)",
    ]
    if let lora {
      let scale = "rank \(lora.rank), alpha \(Self.short(lora.alpha)), dropout \(Self.short(lora.dropout))"
      lines.append("LoRA: \(scale), on \(lora.targets.joined(separator: ", "))")
    }
    lines.append("")
    lines += table
    lines.append("")
    lines.append("parameters  " + Self.grouped(parameters))
    lines.append("trainable   \(Self.grouped(trainable)) (\(Self.percent(trainablePercentage)))")
    let training = trainable > 0 ? ", training adds \(ByteCount.text(trainingBytes)) and activations" : ""
    lines.append("memory      \(ByteCount.text(weightBytes)) of weights\(isF32 ? " in f32" : "")\(training)")
    if !isF32 { lines += DataType.allCases.reversed().compactMap(memory) }
    return lines.joined(separator: "\n")
  }

  private var isF32: Bool { rows.allSatisfy { $0.type == .f32 } }

  /// A line a shape; where not everything is f32, with the type.
  private var table: [String] {
    let lines = rows.map { row in
      [
        row.copies > 1 ? "\(row.name) x \(row.copies)" : row.name,
        row.shape.map(String.init).joined(separator: " x "), row.type.rawValue, Self.grouped(row.count),
        row.trained == 0 ? "-" : row.trained == row.count ? "all" : Self.grouped(row.trained),
      ]
    }
    return ([["", "shape", "type", "parameters", "trained"]] + lines).map {
      isF32
        ? Self.left($0[0], 24) + Self.left($0[1], 18) + Self.right($0[3], 16) + Self.right($0[4], 18)
        : Self.left($0[0], 22) + Self.left($0[1], 17) + Self.left($0[2], 5) + Self.right($0[3], 16)
          + Self.right($0[4], 18)
    }
  }

  /// What the weights of one type take.
  private func memory(_ type: DataType) -> String? {
    let rows = rows.filter { $0.type == type }
    guard !rows.isEmpty else { return nil }
    let (count, bytes) = rows.reduce((0, 0)) { ($0.0 + $1.count, $0.1 + $1.bytes) }
    let each = (1000 * Double(bytes) / Double(max(1, count))).rounded() / 1000
    let width = type.isPlain ? Self.short(each) : "\(each)"
    return "            \(Self.left(type.rawValue, 5)) \(ByteCount.text(bytes)), \(width) bytes a weight"
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var position = digits.count - 3
    while position > 0 {
      digits.insert(",", at: position)
      position -= 3
    }
    return String(digits)
  }

  static func percent(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
  }

  private static func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)"
  }
}

extension ParameterKind {
  /// The linear that this is the last own parameter of.
  fileprivate func lastOfLinear(_ spec: ModelSpec) -> BlockModule? {
    switch self {
    case .weight(let module): spec.hasBias(module) ? nil : module
    case .bias(let module): module
    default: nil
    }
  }

  /// How a table names it.
  var label: String {
    switch self {
    case .embedding: "embedding"
    case .head: "head"
    case .norm: "last norm"
    case .weight(let module): module.rawValue
    case .bias(let module): "\(module.rawValue) bias"
    case .blockNorm(.attentionNorm): "attention norm"
    case .blockNorm: "MLP norm"
    case .adapterA(let module): "\(module.rawValue) LoRA A"
    case .adapterB(let module): "\(module.rawValue) LoRA B"
    }
  }
}
