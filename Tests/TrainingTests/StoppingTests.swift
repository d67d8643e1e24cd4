import Corpus
import Decoding
import Models
import TestSupport
import Testing
import Tokenizers

@testable import Training

/// A model that has learnt three answers by heart ends each of them by itself, also where padding and end are one id.
@Suite struct StoppingTests {
  @Test func anOverfittedModelStopsByItself() throws {
    let tokenizer = ByteTokenizer()
    var spec = ModelSpec(
      vocabSize: 259, hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 64)
    spec.maxPositionEmbeddings = 64
    spec.padTokenID = 2
    let model = try LanguageModel.new(spec, tokenizer: tokenizer, seed: 1)
    let samples = [("ping", "pong"), ("雨", "rain"), ("2+2", "four!")]
    let rows = try samples.enumerated().map { number, sample in
      let prompt = try [1] + tokenizer.encode(sample.0 + "=")
      let answer = try tokenizer.encode(sample.1) + [2]
      let ids = prompt + answer
      let targets = ids.dropFirst().enumerated().map { $0 + 1 < prompt.count ? -1 : $1 } + [-1]
      return Row(ids: ids, targets: targets, documents: [ids.count], samples: ["pairs:\(number + 1)"])
    }
    #expect(rows.allSatisfy { $0.targets[$0.targets.count - 2] == 2 })
    let options = TrainingOptions(steps: 120, batchSize: 3, schedule: try .constant(1e-2))
    let job = try TrainingJob(model: model, data: MemoryRows(rows), options: options)
    try job.run()
    for (question, answer) in samples {
      let stream = try TextStream(
        model: model, prompt: question + "=", options: .init(maxTokens: 30, temperature: 0))
      #expect(try stream.rest() == answer)
      #expect(stream.generator.ending == .endToken(2))
    }
  }
}
