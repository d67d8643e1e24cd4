import Corpus
import Models
import Tensors
import TestSupport
import Testing

@testable import Training

/// Documents that share a packed row give what they give alone.
@Suite struct PackedDocumentTests {
  private let folder: TemporaryFolder
  private let tokenizer = ByteTokenizer()
  private let texts = ["a swift", "雨燕", "the swallow flies low", "x", "rain", "martins and swifts"]

  init() throws { folder = try TemporaryFolder() }

  private func model() throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 259, hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 48,
      numKeyValueHeads: 2)
    // Enough for each document and not for a row: positions begin anew with every document.
    spec.maxPositionEmbeddings = 24
    spec.initializerRange = 0.1
    return try LanguageModel.new(spec, tokenizer: tokenizer, seed: 3)
  }

  private func packed(_ texts: [String]) throws -> Row {
    let stream = try TextStream([folder.write("a.txt", texts.joined(separator: "\n"))])
    let data = try PackedData(stream, tokenizer: tokenizer, options: .init(length: 128))
    let row = try #require(try data.open().next())
    #expect(row.documents.count == texts.count)
    return row
  }

  /// The logits of a row, document by document.
  private func logits(_ row: Row, _ model: LanguageModel) throws -> [[Float]] {
    try withoutGradients {
      let all = try model.transformer.hidden(row.ids, documents: row.documents)
        .linear(weight: model.transformer.head.tensor).values
      var start = 0
      return row.documents.map { count in
        defer { start += count * 259 }
        return Array(all[start..<start + count * 259])
      }
    }
  }

  private func gradients(_ rows: [Row], _ model: LanguageModel) throws -> [[Float]] {
    for parameter in model.transformer.trainable { parameter.tensor.zeroGrad() }
    let trained = rows.reduce(0) { $0 + $1.trainedCount }
    for row in rows {
      try model.transformer.loss(
        ids: row.ids, targets: row.targets, documents: row.documents, scale: 1 / Float(trained)
      ).backward()
    }
    return model.transformer.trainable.map { $0.tensor.grad?.values ?? [] }
  }

  private func largestDifference(_ a: [[Float]], _ b: [[Float]]) -> Float {
    zip(a.joined(), b.joined()).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test func logitsAndGradientsAreThoseOfTheDocumentsAlone() throws {
    let model = try model()
    let row = try packed(texts)
    let alone = try texts.map { try packed([$0]) }
    #expect(row.ids == alone.flatMap(\.ids))
    #expect(row.targets == alone.flatMap(\.targets))
    let single = try alone.map { try #require(try logits($0, model).first) }
    #expect(largestDifference(try logits(row, model), single) <= 1e-6)
    let together = try gradients([row], model)
    #expect(largestDifference(together, try gradients(alone, model)) <= 1e-6)
    #expect(together.joined().contains { abs($0) > 1e-3 })
  }

  @Test func anotherFirstDocumentChangesNoBitOfTheOthers() throws {
    let model = try model()
    let before = try logits(packed(texts), model)
    let after = try logits(packed(["A SWIFT"] + texts.dropFirst()), model)
    #expect(after[0] != before[0])
    #expect(after[1...].map { $0.map(\.bitPattern) } == before[1...].map { $0.map(\.bitPattern) })
  }

  /// One concatenated row, rows of five and three, and single rows: one gradient and one step.
  @Test(arguments: [[8], [5, 3], [1, 1, 1, 1, 1, 1, 1, 1], [4, 4]]) func everyDivisionOfAWindowIsOneBatch(
    sizes: [Int]
  ) throws {
    let rows = Toy.rows(8).map { row in
      Row(ids: row.ids, targets: row.targets, documents: row.documents, samples: row.samples)
    }
    var divided: [Row] = []
    for size in sizes {
      let part = rows[divided.reduce(0) { $0 + $1.documents.count }...].prefix(size)
      divided.append(
        Row(
          ids: part.flatMap(\.ids), targets: part.flatMap(\.targets), documents: part.flatMap(\.documents),
          samples: part.flatMap(\.samples)))
    }
    let reference = try Toy.model()
    let model = try Toy.model()
    #expect(largestDifference(try gradients(divided, model), try gradients(rows, reference)) <= 1e-6)
    // With this epsilon a step moves by the gradient, not by its sign.
    func step(_ rows: [Row], _ model: LanguageModel) throws -> [[Float]] {
      var options = try Toy.options(steps: 1, batch: rows.count)
      options.schedule = try .constant(1e-2)
      options.optimizer.epsilon = 1e-2
      try TrainingJob(model: model, data: MemoryRows(rows), options: options).run()
      return model.transformer.trainable.map { $0.tensor.values }
    }
    let before = reference.transformer.trainable.map { $0.tensor.values }
    let expected = try step(rows, reference)
    #expect(largestDifference(try step(divided, model), expected) <= 1e-6)
    #expect(largestDifference(before, expected) > 1e-4)
  }
}
