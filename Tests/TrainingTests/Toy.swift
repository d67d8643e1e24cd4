import Corpus
import Files
import Foundation
import Models
import OrderedCollections
import Tensors

@testable import Training

/// Rows in memory.
final class MemoryRows: RowSource {
  let rows: [Row]
  let length = 64
  let isEndless = false
  let identity: JSON

  init(_ rows: [Row], identity: JSON = "rows") {
    self.rows = rows
    self.identity = identity
  }

  func open(pass: Int) throws -> any RowCursor { Cursor(rows) }

  final class Cursor: RowCursor {
    private let rows: [Row]
    private var place = 0

    init(_ rows: [Row]) { self.rows = rows }

    func next() throws -> Row? {
      guard place < rows.count else { return nil }
      place += 1
      return rows[place - 1]
    }
    var state: JSON { JSON(place) }
    func restore(_ state: JSON) throws { place = state.intValue ?? 0 }
  }
}

enum Toy {
  /// Two layers, vocabulary 64, width 32: the model of the tests that must take seconds.
  static func model(
    seed: UInt64 = 1, lora: LoRAOptions? = nil, kvHeads: Int = 2, eps: Float = 1e-5,
    types: WeightTypes = .f32
  ) throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 64, hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 48,
      numKeyValueHeads: kvHeads)
    spec.maxPositionEmbeddings = 64
    spec.initializerRange = 0.1
    spec.rmsNormEps = eps
    let model = try LanguageModel.new(spec, types: types, seed: seed)
    if let lora { try model.addLoRA(lora) }
    return model
  }

  /// Rows of different lengths with 1 to 40 trained tokens, named "toy:1" and so on.
  static func rows(_ count: Int, seed: UInt64 = 5) -> [Row] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    return (1...count).map { number in
      let trained = 1 + random(40)
      let context = random(10)
      let ids = (0...(context + trained)).map { _ in Int32(3 + random(61)) }
      let targets = ids.dropFirst().enumerated().map { $0 < context ? -1 : $1 }
      return Row(
        ids: Array(ids.dropLast()), targets: targets, documents: [targets.count], samples: ["toy:\(number)"])
    }
  }

  static func options(
    steps: Int? = 4, batch: Int = 2, accumulate: Int = 1, checkpoint: CheckpointOptions? = nil,
    resume: Bool = false
  ) throws -> TrainingOptions {
    TrainingOptions(
      steps: steps, batchSize: batch, accumulate: accumulate, seed: 7,
      schedule: try .cosine(peak: 1e-2, warmup: .ratio(0.1)), optimizer: AdamWOptions(weightDecay: 0.01),
      checkpoint: checkpoint, resume: resume)
  }

  /// The bits of all parameters.
  static func bits(_ model: LanguageModel) -> [UInt32] {
    model.transformer.parameters.flatMap { $0.tensor.values.map(\.bitPattern) }
  }

  /// A folder that is removed after `body`.
  static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let path = NSTemporaryDirectory() + "yuyan-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  /// Metrics without what a clock says.
  static func metrics(_ history: [JSON]) -> [String] {
    history.map { record in
      var fields = record.objectValue ?? [:]
      for name in StepRecord.timingFields { fields[name] = nil }
      return JSON.object(fields).text()
    }
  }

  static func metrics(file path: String) throws -> [String] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    return metrics(try lines.map { try JSON.parse(String($0)) })
  }
}
