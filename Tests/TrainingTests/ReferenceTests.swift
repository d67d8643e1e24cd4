import Corpus
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@testable import Training

/// Ten steps of Transformers and torch's AdamW: scripts/fixtures/training.py.
@Suite struct ReferenceTests {
  @Test(arguments: ["mha", "gqa", "tied"])
  func tenStepsAreThoseOfTransformers(name: String) throws {
    let folder = try #require(Bundle.module.path(forResource: "Fixtures/\(name)", ofType: nil))
    let run = try JSON.read(folder + "/steps.json")
    func number(_ key: String) throws -> Double { try #require(run[key]?.doubleValue) }
    func ids(_ json: JSON?) -> [Int32] { (json?.arrayValue ?? []).map { Int32($0.intValue ?? 0) } }
    let rows = try #require(run["rows"]?.arrayValue).enumerated().map { index, row in
      let list = ids(row["ids"])
      return Row(ids: list, targets: ids(row["targets"]), documents: [list.count], samples: ["row \(index)"])
    }
    let model = try LanguageModel.load(folder)
    let options = TrainingOptions(
      steps: 10, batchSize: try #require(run["rows_per_step"]?.intValue),
      schedule: try .cosine(peak: number("peak")),
      optimizer: AdamWOptions(weightDecay: try number("weight_decay")),
      clip: try number("clip"))
    let job = try TrainingJob(model: model, data: MemoryRows(rows), options: options)
    for step in try #require(run["steps"]?.arrayValue) {
      let record = try job.step()
      func close(_ ours: Double, _ key: String) throws {
        let theirs = try #require(step[key]?.doubleValue)
        #expect(abs(ours - theirs) <= 1e-5 * abs(theirs), "step \(record.step), \(key)")
      }
      try close(record.loss, "loss")
      try close(record.gradientNorm, "gradient_norm")
      try close(record.learningRate, "lr")
    }
    let after = try SafeTensorsFile(path: folder + "/after.safetensors")
    for parameter in model.transformer.parameters {
      let expected = try after.tensor(try #require(after[parameter.name]))
      #expect(parameter.tensor.isClose(to: expected, relative: 1e-5), "\(parameter.name)")
    }
  }
}
