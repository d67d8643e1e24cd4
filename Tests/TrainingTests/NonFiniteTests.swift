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

  private func parameter(_ name: String, of model: LanguageModel) throws -> Tensor {
    try #require(model.transformer.parameters.first { $0.name == name }).tensor
  }

  /// The message of the first step, which must leave everything as it was.
  private func message(
    _ model: LanguageModel, rows: [Row] = Toy.rows(4), recompute: Bool = false
  ) throws -> String? {
    let before = Toy.bits(model)
    var options = try Toy.options(batch: 4)
    options.recompute = recompute
    let job = try TrainingJob(model: model, data: MemoryRows(rows), options: options)
    var told: String?
    do { _ = try job.step() } catch let error as NonFiniteError {
      // Which of the two it is depends on the order in which a library of matrix products sums.
      told = error.description.replacing(" is inf,", with: " is nan,")
    }
    #expect(Toy.bits(model) == before)
    #expect(model.transformer.parameters.allSatisfy { $0.tensor.grad == nil })
    #expect(job.completedSteps == 0)
    return told
  }

  /// One element of one weight.
  @Test func anInfiniteWeightIsNamedItself() throws {
    let model = try Toy.model(lora: LoRAOptions(rank: 4, targets: ["down"]))
    let a = try parameter("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight", of: model)
    a.pointer[7] = .infinity
    #expect(
      try message(model)
        == "step 1: the loss is nan, first in base_model.model.model.layers.1.mlp.down_proj.lora_A.weight; "
        + "samples: toy:1; no parameter was changed")
  }

  /// Weights are finite, but a product overflows: the operation is named, and the sample whose token does it.
  @Test func theOperationAndTheSampleOfAnOverflowAreNamed() throws {
    func poisoned(_ names: [String], _ value: Float) throws -> LanguageModel {
      let model = try Toy.model()
      for name in names {
        let tensor = try parameter(name, of: model)
        for index in 0..<tensor.count { tensor.pointer[index] = index % 2 == 0 ? value : -value }
      }
      return model
    }
    let end = "; samples: toy:1; no parameter was changed"
    #expect(
      try message(poisoned(["model.layers.0.mlp.down_proj.weight"], 3e38))
        == "step 1: the loss is nan, first in model.layers.0.mlp.down_proj (linear)" + end)
    #expect(
      try message(
        poisoned(["model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.up_proj.weight"], 1e20))
        == "step 1: the loss is nan, first in model.layers.1.mlp (silu_multiply)" + end)
    #expect(
      try message(
        poisoned(["model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.k_proj.weight"], 1e22))
        == "step 1: the loss is nan, first in model.layers.1.self_attn (attention)" + end)
    #expect(
      try message(poisoned(["model.layers.1.post_attention_layernorm.weight"], 3e38))
        == "step 1: the loss is nan, first in model.layers.1.post_attention_layernorm (rms_norm)" + end)
    #expect(
      try message(poisoned(["lm_head.weight"], 3e38))
        == "step 1: the loss is nan, first in lm_head (linear)" + end)
  }

  /// Of the documents that share a row, only those in which it happens are named.
  @Test func onlyTheDocumentsConcernedAreNamed() throws {
    let model = try Toy.model()
    try parameter("model.embed_tokens.weight", of: model).pointer[63 * 32] = .infinity
    let rows = [
      Row(ids: [5, 6], targets: [6, 7], documents: [2], samples: ["a:1"]),
      Row(
        ids: [5, 6, 63, 7, 8, 9, 63], targets: [6, -1, 7, -1, 9, -1, 4], documents: [2, 2, 2, 1],
        samples: ["zh:1", "zh:2", "zh:3", "zh:4"]),
    ]
    #expect(
      try message(model, rows: rows)
        == "step 1: the loss is nan, first in model.embed_tokens.weight; samples: zh:2, zh:4; no parameter was "
        + "changed")
  }

  /// With this epsilon a document of nothing but zeros multiplies gradients by 1e15 at every norm.
  @Test(arguments: [false, true]) func anOverflowOfTheBackwardPassIsNamed(recompute: Bool) throws {
    let model = try Toy.model(eps: 1e-30)
    let embedding = try parameter("model.embed_tokens.weight", of: model)
    for index in 0..<32 { embedding.pointer[63 * 32 + index] = 0 }
    var rows = Toy.rows(3).map { row in
      Row(
        ids: row.ids.map { min($0, 62) }, targets: row.targets, documents: row.documents, samples: row.samples
      )
    }
    rows.append(
      Row(
        ids: [5, 6, 63, 63], targets: [6, -1, 7, 9], documents: [2, 2],
        samples: ["zh.jsonl:11", "zh.jsonl:12"]))
    #expect(
      try message(model, rows: rows, recompute: recompute)
        == "step 1: the gradient is nan, first in the backward pass of model.layers.0.input_layernorm (rms_norm); "
        + "samples: zh.jsonl:12; no parameter was changed")
  }

  /// The adapter computes 0, for its B is 0, but the gradient of B is a sum of numbers that large.
  private func modelWithHugeGradientOfB(alpha: Double) throws -> LanguageModel {
    let model = try Toy.model(lora: LoRAOptions(rank: 4, alpha: alpha, targets: ["down"]))
    let a = try parameter("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight", of: model)
    let head = try parameter("lm_head.weight", of: model)
    for index in 0..<a.count { a.pointer[index] *= 1e30 }
    for index in 0..<head.count { head.pointer[index] *= 1e6 }
    return model
  }

  @Test func theParameterWhoseGradientOverflowsIsNamed() throws {
    let told = try message(modelWithHugeGradientOfB(alpha: 4e6))
    #expect(
      told
        == "step 1: the gradient is nan, first in the backward pass of model.layers.1.mlp.down_proj (lora_linear), "
        + "in the gradient of base_model.model.model.layers.1.mlp.down_proj.lora_B.weight; samples: toy:1; no "
        + "parameter was changed")
  }

  /// Two equal samples, each of which alone stays just below the greatest number.
  @Test func aSumOfGradientsThatOverflowsNamesAllSamples() throws {
    let row = Toy.rows(1)[0]
    let rows = [row, Row(ids: row.ids, targets: row.targets, documents: row.documents, samples: ["twin:1"])]
    let model = try modelWithHugeGradientOfB(alpha: 4)
    let scale = 1 / Float(2 * row.trainedCount)
    try model.transformer.loss(ids: row.ids, targets: row.targets, documents: row.documents, scale: scale)
      .backward()
    let b = try parameter("base_model.model.model.layers.1.mlp.down_proj.lora_B.weight", of: model)
    let largest = try #require(b.grad?.values.map(abs).max())
    let alpha = Double(0.7 * Float.greatestFiniteMagnitude / largest) * 4
    #expect(
      try message(modelWithHugeGradientOfB(alpha: alpha), rows: rows)
        == "step 1: the gradient is nan, first in the sum of the samples' gradients of "
        + "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight; samples: toy:1, twin:1; no parameter was "
        + "changed")
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
        step: 7, quantity: "loss", value: "nan", place: "model.layers.3 (add)",
        samples: ["zh.jsonl:12", "zh.jsonl:13", "zh.jsonl:14", "zh.jsonl:15", "zh.jsonl:16"]
      ).description
        == "step 7: the loss is nan, first in model.layers.3 (add); samples: zh.jsonl:12, zh.jsonl:13, zh.jsonl:14 and 2 more; "
        + "no parameter was changed")
    #expect(
      NonFiniteError(step: 2, quantity: "gradient", value: "inf", place: nil, samples: []).description
        == "step 2: the gradient is inf; no parameter was changed")
  }
}
