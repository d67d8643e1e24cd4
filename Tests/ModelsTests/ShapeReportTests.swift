import Models
import Testing

/// Trainable parameters of the published systems (ymcui Chinese-LLaMA-Alpaca 1 and 2).
@Suite struct ShapeReportTests {
  private func llama(_ vocabulary: Int, large: Bool = false) -> ModelSpec {
    ModelSpec(
      vocabSize: vocabulary, hiddenSize: large ? 5120 : 4096, numHiddenLayers: large ? 40 : 32,
      numAttentionHeads: large ? 40 : 32, intermediateSize: large ? 13824 : 11008)
  }

  private func percent(_ report: ShapeReport) -> Double {
    (report.trainablePercentage * 10000).rounded() / 10000
  }

  @Test func stageOne() throws {
    let report = try ShapeReport(llama(49953), train: ["embedding"])
    #expect((report.trainable, report.parameters) == (204_607_488, 6_885_486_592))
    #expect(percent(report) == 2.9716)
  }

  @Test func stageTwo() throws {
    let report = try ShapeReport(llama(49953), lora: .init(rank: 8, train: ["embedding", "head"]))
    #expect((report.trainable, report.parameters) == (417_603_584, 6_893_875_200))
    #expect(percent(report) == 6.0576)
  }

  @Test func instructions() throws {
    let lora = LoRAOptions(rank: 8, targets: LoRAOptions.allTargets, train: ["embedding", "head"])
    let report = try ShapeReport(llama(49954), lora: lora)
    #expect((report.trainable, report.parameters) == (429_211_648, 6_905_483_264))
    #expect(percent(report) == 6.2155)
  }

  @Test func secondGeneration() throws {
    let lora = LoRAOptions(
      rank: 64, alpha: 128, targets: LoRAOptions.allTargets, train: ["embedding", "head"])
    #expect(try ShapeReport(llama(55296), lora: lora).trainable == 612_892_672)
    #expect(try ShapeReport(llama(55296, large: true), lora: lora).trainable == 816_578_560)
  }

  @Test func agreesWithTheModelItself() throws {
    for tied in [false, true] {
      let model = try LanguageModel.new(.tiny(tied: tied, kvHeads: 2), seed: 1)
      #expect(try ShapeReport(model.spec).parameters == model.parameterCount)
      let lora = LoRAOptions(rank: 4, targets: ["q", "down"], train: ["head", "norms"])
      try model.addLoRA(lora)
      let report = try ShapeReport(model.spec, lora: lora)
      #expect((report.parameters, report.trainable) == (model.parameterCount, model.trainableCount))
      #expect(report.description == model.description)
      for groups in [["embedding"], ["head"], ["norms"], ["layers"], ["all"], ["none"], ["head", "layers"]] {
        let plain = try LanguageModel.new(.tiny(tied: tied), seed: 1)
        try plain.trainOnly(groups)
        #expect(try ShapeReport(plain.spec, train: groups).trainable == plain.trainableCount, "\(groups)")
      }
    }
  }

  @Test func printsWithin80Columns() throws {
    let lora = LoRAOptions(
      rank: 64, alpha: 128, dropout: 0.05, targets: LoRAOptions.allTargets, train: ["embedding"])
    let text = try ShapeReport(llama(55296, large: true), lora: lora).description
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(
      try ShapeReport(.tiny(tied: true), train: ["embedding"]).description == """
        llama: 2 layers, hidden 32, 4 heads of 8
        vocabulary 64, context 64, head tied to the embedding

                                shape                   parameters           trained
        embedding               64 x 32                      2,048               all
        q x 2                   32 x 32                      2,048                 -
        k x 2                   32 x 32                      2,048                 -
        v x 2                   32 x 32                      2,048                 -
        o x 2                   32 x 32                      2,048                 -
        gate x 2                48 x 32                      3,072                 -
        up x 2                  48 x 32                      3,072                 -
        down x 2                32 x 48                      3,072                 -
        attention norm x 2      32                              64                 -
        MLP norm x 2            32                              64                 -
        last norm               32                              32                 -

        parameters  19,616
        trainable   2,048 (10.44 %)
        memory      0.1 MB of weights in f32, training adds 0.0 MB and activations
        """)
  }
}
