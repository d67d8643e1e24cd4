import Corpus
import Files
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

@testable import Training

/// Lessons from a file up to gradients: none without an answer, and all with their ends.
@Suite struct LessonTrainingTests {
  private let folder: TemporaryFolder
  private let tokenizer = ByteTokenizer()
  private let template: ChatTemplate

  init() throws {
    folder = try TemporaryFolder()
    template = try ChatTemplate.named("alpaca")
  }

  private func model(eos: [Int] = [2]) throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 259, hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 48)
    spec.maxPositionEmbeddings = 300
    spec.eosTokenIDs = eos
    return try LanguageModel.new(spec, tokenizer: tokenizer, seed: 1)
  }

  private func data(
    _ rows: [(String, String)], name: String = "a.json", _ options: PackOptions = .init(length: 300)
  ) throws -> PackedData {
    let json = JSON.array(rows.map { ["instruction": .string($0.0), "output": .string($0.1)] as JSON })
    let stream = try InstructionStream([folder.write(name, json.text(indent: 1))], template: template)
    return try PackedData(stream, tokenizer: tokenizer, options: options)
  }

  private func gradients(_ data: any RowSource) throws -> [[UInt32]] {
    let model = try model()
    let rows = try RowWindow(WindowReader(data).next(rows: 100).rows)
    for row in rows.rows {
      try model.transformer.loss(
        ids: row.ids, targets: row.targets, documents: row.documents, scale: 1 / Float(rows.trainedTokens)
      ).backward()
    }
    return model.transformer.trainable.map { $0.tensor.grad?.values.map(\.bitPattern) ?? [] }
  }

  @Test func tenRowsOfWhichOneHasNoRoomForItsAnswer() throws {
    var rows = (0..<10).map { ("Count to \($0).", String(repeating: "\($0)", count: $0 + 1)) }
    rows[6].0 = String(repeating: "long ", count: 100)
    let prompt = try template.promptTokens(.init(instruction: rows[6].0, output: ""), tokenizer).count
    let options = try Toy.options(steps: nil, batch: 4)
    #expect(
      message { _ = try TrainingJob(model: model(), data: data(rows), options: options).run() }
        == "\(folder.file("a.json")):26, row 7: no token of this sample is trained: "
        + "prompt alone has \(prompt) tokens, limit 300")

    let skipping = try data(rows, .init(length: 300, onEmpty: .skip))
    let nine = try data(Array(rows[..<6] + rows[7...]), name: "b.json")
    let expected = try gradients(nine)
    #expect(try gradients(skipping) == expected)
    #expect(expected.contains { $0.contains { $0 != 0 } })
    #expect(try skipping.ledger().sources[0].untrainedDocuments == 1)
    // And a whole run of each.
    let models = try [model(), model()]
    for (model, data) in zip(models, [skipping, nine]) {
      try TrainingJob(model: model, data: data, options: options).run()
    }
    #expect(Toy.bits(models[0]) == Toy.bits(models[1]))
  }

  @Test func theShareOfTrainedEndTokensIsSaidOnceBeforeTheFirstStep() throws {
    var written = ""
    var options = try Toy.options(steps: 3, batch: 1)
    options.progress = ProgressLine(isShown: false) { written += $0 }
    let job = try TrainingJob(model: model(), data: data([("a", "b"), ("c", "d")]), options: options)
    #expect(written == "")
    try job.run()
    #expect(written == "end token `</s>` is trained in 100 % of samples\n")
    #expect(job.endTokens == EndTokenShare(lessons: 2, ended: 2, isWhole: true, token: "`</s>`"))

    // Two of three answers are cut off.
    let long = String(repeating: "x", count: 300)
    let cut = try data([("a", long), ("b", "c"), ("d", long)], .init(length: 300, overlong: .truncate))
    #expect(
      try TrainingJob(model: model(), data: cut, options: options).endTokens?.description
        == "end token `</s>` is trained in 33.3 % of samples")
    #expect(
      EndTokenShare(lessons: 1000, ended: 999, isWhole: false, token: "`</s>`").description
        == "end token `</s>` is trained in 99.9 % of the first 1000 samples")
    let texts = try TextStream([folder.write("a.txt", "abc\ndef")])
    let plain = try PackedData(texts, tokenizer: tokenizer, options: .init(length: 8, eos: false))
    #expect(try TrainingJob(model: model(), data: plain, options: options).endTokens == nil)
  }

  @Test func aRunInWhichNoEndTokenIsTrainedStops() throws {
    let long = String(repeating: "x", count: 300)
    let cut = try data([("a", long), ("b", long)], .init(length: 300, overlong: .truncate))
    let reason =
      "data: end token `</s>` is trained in 0 % of samples: the model would never stop; "
      + "are the answers cut off, or of another tokenizer?"
    #expect(
      message { _ = try TrainingJob(model: model(), data: cut, options: Toy.options()) } == reason)
  }

  @Test func aResumedRunDoesNotSayItAgain() throws {
    var options = try Toy.options(
      checkpoint: .init(directory: folder.file("ckpt"), every: 1), resume: true)
    var written = ""
    options.progress = ProgressLine(isShown: false) { written += $0 }
    let rows = try data([("a", "b"), ("c", "d")])
    _ = try TrainingJob(model: model(), data: rows, options: options).step()
    written = ""
    try TrainingJob(model: model(), data: rows, options: options).run()
    #expect(written == "")
  }
}
