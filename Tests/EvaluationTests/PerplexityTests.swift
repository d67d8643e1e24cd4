import Corpus
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

@testable import Evaluation

@Suite struct PerplexityTests {
  private func model(context: Int = 64, seed: UInt64 = 3) throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: 259, hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 4, intermediateSize: 24)
    spec.maxPositionEmbeddings = context
    spec.initializerRange = 0.3
    return try .new(spec, tokenizer: ByteTokenizer(), seed: seed)
  }

  /// A model that gives every token the same probability: its head is zero.
  private func uniform(_ vocabulary: Int, _ tokenizer: any Tokenizer) throws -> LanguageModel {
    var spec = ModelSpec(
      vocabSize: vocabulary, hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8)
    spec.maxPositionEmbeddings = 32
    let model = try LanguageModel.new(spec, tokenizer: tokenizer)
    let head = model.transformer.head.tensor
    for index in 0..<head.count { head.pointer[index] = 0 }
    return model
  }

  @Test func aUniformModelHasTheEntropyOfItsVocabulary() throws {
    let text = "Die Schwalbe 雨燕 flies."
    let result = try perplexity(uniform(300, ByteTokenizer()), of: .text(text))
    #expect(result.tokens == text.utf8.count)
    #expect(result.bytes == text.utf8.count)
    #expect(result.characters == text.unicodeScalars.count)
    #expect(abs(result.nll - log(300.0)) < 1e-5)
    #expect(abs(result.perplexity - 300) < 1e-2)
    #expect(abs(try #require(result.bitsPerByte) - log2(300.0)) < 1e-5)
    let bytesPerCharacter = Double(text.utf8.count) / Double(text.unicodeScalars.count)
    #expect(abs(try #require(result.bitsPerCharacter) - log2(300.0) * bytesPerCharacter) < 1e-4)
  }

  /// Two tokenizers, each with a uniform model that spends 9 bits a byte: equal bits per byte, unequal perplexities.
  @Test func bitsPerByteCompareAcrossTokenizers() throws {
    let text = "abcdefghijklmnopqrst"
    let bytes = try perplexity(uniform(512, ByteTokenizer()), of: .text(text))
    let pairs = try perplexity(uniform(1 << 18, PairTokenizer()), of: .text(text))
    #expect(pairs.tokens * 2 == bytes.tokens)
    #expect(abs(try #require(bytes.bitsPerByte) - 9) < 1e-5)
    #expect(abs(try #require(pairs.bitsPerByte) - 9) < 1e-5)
    #expect(pairs.perplexity > bytes.perplexity)
  }

  @Test func theSumDoesNotDependOnTheWindowWhereTheTextFits() throws {
    let model = try model()
    let text = "swifts sleep while flying"
    let whole = try perplexity(model, of: .text(text))
    for window in [25, 40] {
      let other = try perplexity(model, of: .text(text), options: .init(window: window, stride: 1))
      #expect(abs(other.totalNLL - whole.totalNLL) < 1e-3)
      #expect(other.tokens == whole.tokens)
    }
  }

  /// Attention that adds nothing leaves a model that looks at one token.
  ///
  /// With a stride of 1 every token sees the one before it in any window, so the sum is the same; windows that only
  /// touch cut some of them off.
  @Test func withAStrideOfOneTheSumDoesNotDependOnTheWindow() throws {
    let model = try model()
    for parameter in model.transformer.parameters where parameter.name.hasSuffix("o_proj.weight") {
      for index in 0..<parameter.tensor.count { parameter.tensor.pointer[index] = 0 }
    }
    let text = "swifts sleep while flying, 雨燕边飞边睡"
    let whole = try perplexity(model, of: .text(text))
    for window in [2, 3, 7, 16, 40] {
      let other = try perplexity(model, of: .text(text), options: .init(window: window, stride: 1))
      #expect(abs(other.totalNLL - whole.totalNLL) < 1e-3)
      #expect(other.tokens == whole.tokens && other.bytes == text.utf8.count)
    }
    let touching = try perplexity(model, of: .text(text), options: .init(window: 7, stride: 7))
    #expect(abs(touching.totalNLL - whole.totalNLL) > 1e-2)
  }

  @Test func longTextsCountEveryTokenOnce() throws {
    let model = try model(context: 16)
    let text = String(repeating: "0123456789", count: 10)
    for stride in [1, 5, 8, 16] {
      let result = try perplexity(model, of: .text(text), options: .init(stride: stride))
      #expect(result.tokens == 100)
      #expect(result.window == 16)
      #expect(result.stride == stride)
    }
    // By hand: window 16, stride 8, each window after BOS.
    let ids = try ByteTokenizer().encode(text)
    var total = 0.0
    for window in WindowPlan(tokens: 100, window: 16, stride: 8).windows {
      let input = [1] + ids[window.tokens].dropLast()
      let logits = try model.transformer.logits(input).values
      for position in window.firstCounted..<window.tokens.upperBound {
        let row = (position - window.tokens.lowerBound) * 259
        let values = logits[row..<row + 259].map { exp(Double($0)) }
        total -= log(values[Int(ids[position])] / values.reduce(0, +))
      }
    }
    let result = try perplexity(model, of: .text(text), options: .init(stride: 8))
    #expect(abs(result.totalNLL - total) < 1e-3)
  }

  @Test func scoresSumToTheNegativeLogLikelihood() throws {
    let model = try model()
    let scores = try score(model, "swift 雨燕")
    let result = try perplexity(model, of: .text("swift 雨燕"))
    #expect(scores.count == result.tokens)
    #expect(abs(scores.reduce(0) { $0 - $1.logProbability } - result.totalNLL) < 1e-4)
    #expect(
      scores.allSatisfy {
        $0.rank >= 1 && $0.rank <= 259 && $0.entropy > 0 && $0.entropy <= log(259.0) + 1e-6
      })
    #expect(scores[0].piece == "<118>")
  }

  @Test func ofLessonsTheAnswersArePredicted() throws {
    let model = try model(context: 512)
    let template = try ChatTemplate.named("alpaca")
    let rows = [
      InstructionRow(instruction: "Name a bird.", output: "swift"),
      InstructionRow(instruction: "2+2", output: "4"),
    ]
    let result = try perplexity(model, of: .documents(Lessons(rows, template)))
    #expect(result.tokens == "swift".utf8.count + 1 + "4".utf8.count + 1)
    #expect(result.documents == 2)
    #expect(result.bytes == 6 && result.characters == 6)
    let same = try answers(model, of: Lessons(rows, template))
    #expect(same.documents == 2 && same.skipped == 0 && same.bytes == 6 && same.window == 0)
    #expect(abs(same.totalNLL - result.totalNLL) < 1e-3)
    let longest = template.render(rows[1]).text.unicodeScalars.count
    let one = try answers(model, of: Lessons(rows, template), options: .init(characters: longest))
    #expect(one.documents == 1 && one.skipped == 1 && one.bytes == 1 && one.tokens == 2)
    var total = 0.0
    for row in rows {
      let masked = try template.tokens(for: row, ByteTokenizer())
      let targets = zip(masked.ids, masked.trained).dropFirst().map { $0.1 ? $0.0 : -1 }
      let scores = try model.transformer.tokenScores(
        ids: Array(masked.ids.dropLast()), targets: targets, documents: [targets.count])
      total -= scores.reduce(0) { $0 + ($1?.logProbability ?? 0) }
    }
    #expect(abs(result.totalNLL - total) < 1e-3)
  }

  @Test func aLessonTooLongForTheContextIsNamed() throws {
    let template = try ChatTemplate.named("alpaca")
    let row = InstructionRow(instruction: "Name a bird.", output: "swift")
    let count = try template.tokens(for: row, ByteTokenizer()).ids.count
    #expect(
      throws: EvaluationError(
        argument: "data",
        reason: "memory: a lesson of \(count) tokens does not fit into the model's context of 64")
    ) { try perplexity(model(context: 64), of: .documents(Lessons([row], template))) }
  }

  @Test func aBudgetEndsAfterTheDocumentThatReachesIt() throws {
    let texts = Texts(["abcdefgh", "ijklmnop", "qrstuvwx"])
    let result = try perplexity(model(), of: .documents(texts), options: .init(tokens: 9))
    #expect(result.tokens == 16)
    #expect(result.documents == 2)
  }

  @Test func aBudgetOfBytesMeasuresTheSameDocumentsUnderAnyTokenizer() throws {
    let texts = Texts(["abcdefgh", "雨燕", "qrstuvwx"])
    let bytes = try perplexity(uniform(512, ByteTokenizer()), of: .documents(texts), options: .init(bytes: 9))
    let pairs = try perplexity(uniform(512, PairTokenizer()), of: .documents(texts), options: .init(bytes: 9))
    #expect(bytes.documents == 2 && pairs.documents == 2 && bytes.bytes == 14 && pairs.bytes == 14)
    #expect(bytes.tokens == 14 && pairs.tokens == 7)
  }

  @Test func shortDocumentsShareARowAndStayIsolated() throws {
    let model = try model()
    let texts = ["swift", "雨燕", "a", "martin"]
    let together = try perplexity(model, of: .documents(Texts(texts)))
    let alone = try texts.map { try perplexity(model, of: .text($0)).totalNLL }.reduce(0, +)
    #expect(abs(together.totalNLL - alone) < 1e-3)
  }

  @Test func printsWhatItMeasured() {
    let result = EvaluationResult(
      totalNLL: 2 * log(4), tokens: 2, bytes: 4, characters: 2, documents: 1, window: 8, stride: 4)
    #expect(
      result.description
        == "nll 1.3863; perplexity 4.0000; bits/byte 1.0000; bits/character 2.0000; 2 tokens; 4 bytes, 2 characters; "
        + "1 document; window 8, stride 4, BOS given and not counted")
  }

  @Test func messages() throws {
    let model = try model(context: 16)
    #expect(throws: EvaluationError(argument: "data", reason: "there is no token to predict")) {
      try perplexity(model, of: .text(""))
    }
    #expect(throws: EvaluationError(argument: "window", reason: "a number from 1 to 16 expected, got 17")) {
      try perplexity(model, of: .text("a"), options: .init(window: 17))
    }
    #expect(throws: EvaluationError(argument: "stride", reason: "a number from 1 to 8 expected, got 9")) {
      try perplexity(model, of: .text("a"), options: .init(window: 8, stride: 9))
    }
    #expect(
      throws: EvaluationError(argument: "text", reason: "20 tokens do not fit into the model's context of 16")
    ) { try score(model, String(repeating: "a", count: 20)) }
  }

  /// reference.json: 66 predicted tokens, computed with NumPy.
  @Test(.enabled(if: RealData.isAvailable)) func stories260KAgreesWithItsReference() throws {
    let model = try LanguageModel.load(
      RealData.path("model/stories260K/stories260K.bin"),
      tokenizerPath: RealData.path("model/stories260K/tok512.bin"))
    let reference = try JSON.read(RealData.path("model/stories260K/reference.json"))
    let text = try #require(reference["eval"]?["text"]?.stringValue)
    let result = try perplexity(model, of: .text(text))
    #expect(result.tokens == 66)
    #expect(result.bytes == 136)
    #expect(abs(result.totalNLL - 85.63263) < 1e-3)
    #expect(abs(result.nll - 1.297464) < 1e-4)
    #expect(abs(result.perplexity - 3.66) < 1e-3)
    #expect(abs(try #require(result.bitsPerByte) - 0.908395) < 1e-4)
  }
}

/// Two bytes a token, so that another vocabulary reads the same text.
private final class PairTokenizer: Tokenizer {
  let count = 10
  let bosID: Int32? = 1
  let eosID: Int32? = 2
  let unknownID: Int32? = 0
  let padID: Int32? = nil
  let kind = "pairs"
  let fingerprint = "pairs"
  let configuration = TokenizerConfiguration()

  func encode(_ text: String) throws -> [Int32] {
    stride(from: 0, to: text.utf8.count, by: 2).map { 3 + Int32($0 % 7) }
  }
  func encode(offsets text: String) throws -> [TokenSpan] { [] }
  func surface(_ id: Int32, atStart: inout Bool) throws -> TokenSurface { .text([]) }
  func piece(_ id: Int32) -> String? { nil }
  func id(of piece: String) -> Int32? { nil }
  func save(to path: String) throws {}
  func saveFolderFiles(to folder: String) throws {}
}

/// Documents in memory.
private class Documents: DocumentStream {
  let name = "memory"
  let identity: JSON = "memory"
  let documents: [Document]

  init(_ contents: [Document.Content]) {
    documents = contents.map { Document($0, location: "memory", source: "memory") }
  }

  func open(epoch: Int) throws -> any DocumentCursor { Cursor(documents) }
  func shuffled(seed: UInt64) throws -> any DocumentStream { self }

  private final class Cursor: DocumentCursor {
    let documents: [Document]
    var place = 0
    let emptyRows = 0

    init(_ documents: [Document]) { self.documents = documents }

    func next() throws -> Document? {
      defer { place += 1 }
      return place < documents.count ? documents[place] : nil
    }
    var state: JSON { JSON(place) }
    func restore(_ state: JSON) throws { place = state.intValue ?? 0 }
  }
}

private final class Texts: Documents {
  init(_ texts: [String]) { super.init(texts.map { .text($0) }) }
}

private final class Lessons: Documents {
  init(_ rows: [InstructionRow], _ template: ChatTemplate) {
    super.init(rows.map { .lesson($0, template: template) })
  }
}
