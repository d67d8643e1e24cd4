import Corpus
import Models
import Tensors
import Testing

@testable import Training

@Suite struct NonFiniteTests {
  @Test func aWeightThatIsNotANumberIsNamedWithStepAndSamples() throws {
    let model = try Toy.model()
    let parameter = try #require(
      model.transformer.parameters.first { $0.name.hasSuffix("layers.1.mlp.up_proj.weight") })
    parameter.tensor.pointer[5] = .nan
    let before = Toy.bits(model)
    let job = try TrainingJob(model: model, data: MemoryRows(Toy.rows(4)), options: Toy.options())
    #expect(
      throws: NonFiniteError(
        step: 1, quantity: "loss", value: "nan", place: "model.layers.1.mlp.up_proj.weight",
        samples: ["toy:1"])
    ) { try job.step() }
    #expect(Toy.bits(model) == before)
    #expect(model.transformer.parameters.allSatisfy { $0.tensor.grad == nil })
    #expect(job.completedSteps == 0)
  }

  /// Weights are finite, but a product overflows: the layer is named, and the sample whose token does it.
  @Test func theLayerAndTheSampleOfAnOverflowAreNamed() throws {
    let model = try Toy.model()
    let down = try #require(
      model.transformer.parameters.first { $0.name == "model.layers.0.mlp.down_proj.weight" })
    for index in 0..<down.count { down.tensor.pointer[index] = index % 2 == 0 ? 3e38 : -3e38 }
    let before = Toy.bits(model)
    let job = try TrainingJob(model: model, data: MemoryRows(Toy.rows(4)), options: Toy.options())
    do {
      _ = try job.step()
      Issue.record("an overflow went unnoticed")
    } catch let error as NonFiniteError {
      #expect(error.quantity == "loss")
      #expect(error.place == "model.layers.0")
      #expect(error.samples == ["toy:1"])
    }
    #expect(Toy.bits(model) == before)
  }

  /// In one row only: the loss is finite, its gradient is not.
  @Test func theGradientsParameterAndSampleAreNamed() throws {
    let model = try Toy.model()
    let embedding = model.transformer.parameters[0]
    // Token 63 stands in the third row alone; a tiny embedding makes the norm's gradient overflow.
    var rows = Toy.rows(4).map { row in
      Row(
        ids: row.ids.map { min($0, 62) }, targets: row.targets, documents: row.documents, samples: row.samples
      )
    }
    rows[2] = Row(ids: [63, 63], targets: [7, 9], documents: [2], samples: ["zh.jsonl:12"])
    let width = 32
    for index in 0..<width { embedding.tensor.pointer[63 * width + index] = 0 }
    let norm = try #require(
      model.transformer.parameters.first { $0.name == "model.layers.0.input_layernorm.weight" })
    for index in 0..<norm.count { norm.tensor.pointer[index] = 1e38 }
    let before = Toy.bits(model)
    let job = try TrainingJob(model: model, data: MemoryRows(rows), options: Toy.options(batch: 4))
    do {
      _ = try job.step()
      Issue.record("a gradient that is not finite went unnoticed")
    } catch let error as NonFiniteError {
      #expect(error.step == 1)
      #expect(error.place != nil)
      #expect(!error.samples.isEmpty)
    }
    #expect(Toy.bits(model) == before)
    #expect(model.transformer.parameters.allSatisfy { $0.tensor.grad == nil })
  }

  @Test func messages() {
    #expect(
      NonFiniteError(
        step: 7, quantity: "loss", value: "nan", place: "model.layers.3",
        samples: ["zh.jsonl:12", "zh.jsonl:13", "zh.jsonl:14", "zh.jsonl:15", "zh.jsonl:16"]
      ).description
        == "step 7: the loss is nan, first in model.layers.3; samples: zh.jsonl:12, zh.jsonl:13, zh.jsonl:14 and 2 more; "
        + "no parameter was changed")
    #expect(
      NonFiniteError(step: 2, quantity: "gradient", value: "inf", place: nil, samples: []).description
        == "step 2: the gradient is inf; no parameter was changed")
  }
}
