import Files
import Models
import Tensors
import TestSupport
import Testing

/// Two-layer random Llamas against Transformers in f32 (scripts/fixtures/llama.py).
@Suite struct LlamaParityTests {
  static let cases = ["mha", "gqa", "tied", "bias", "linear"]

  private struct Expected {
    let json: JSON
    let file: SafeTensorsFile

    init(_ name: String) throws {
      json = try JSON.read(try Fixtures.path("llama/\(name)/expected.json"))
      file = try SafeTensorsFile(path: try Fixtures.path("llama/\(name)/expected.safetensors"))
    }

    func tensor(_ name: String) throws -> Tensor { try file.tensor(try #require(file[name])) }
    func numbers(_ name: String) -> [Double] { json[name]?.arrayValue?.compactMap(\.doubleValue) ?? [] }
    func ids(_ name: String) -> [Int32] { numbers(name).map { Int32($0) } }
    var rows: [[Int32]] {
      (json["rows"]?.arrayValue ?? []).map { $0.arrayValue?.compactMap { $0.intValue.map(Int32.init) } ?? [] }
    }
  }

  private func targets(_ ids: [Int32]) -> [Int32] { ids.dropFirst() + [-1] }

  @Test("forward, loss and gradients", arguments: cases)
  func gradients(_ name: String) throws {
    let expected = try Expected(name)
    let model = try LanguageModel.load(try Fixtures.path("llama/\(name)")).transformer
    let ids = expected.ids("ids")
    #expect(try model.plainLogits(ids).isClose(to: expected.tensor("logits").values))
    let loss = try model.loss(
      ids: ids, targets: targets(ids), documents: [ids.count], scale: 1 / Float(ids.count - 1))
    let value = try #require(expected.json["loss"]?.doubleValue)
    #expect(abs(Double(try loss.item()) - value) <= 1e-5 * value)
    try loss.backward()
    for parameter in model.parameters {
      let gradient = try #require(parameter.tensor.grad, "\(parameter.name)")
      #expect(gradient.isClose(to: try expected.tensor("gradient." + parameter.name)), "\(parameter.name)")
    }
  }

  @Test("ten AdamW steps", arguments: cases)
  func tenSteps(_ name: String) throws {
    let expected = try Expected(name)
    let model = try LanguageModel.load(try Fixtures.path("llama/\(name)")).transformer
    model.ownTrainableWeights()
    let parameters = model.trainable
    let first = parameters.map { Tensor.zeros($0.shape, purpose: .optimizer) }
    let second = parameters.map { Tensor.zeros($0.shape, purpose: .optimizer) }
    for (step, (row, value)) in zip(expected.rows, expected.numbers("losses")).enumerated() {
      let loss = try model.loss(
        ids: row, targets: targets(row), documents: [row.count], scale: 1 / Float(row.count - 1))
      #expect(abs(Double(try loss.item()) - value) <= 1e-5 * value, "step \(step + 1)")
      try loss.backward()
      let slots = try parameters.enumerated().map { index, parameter in
        try AdamW.Slot(
          parameter: parameter.tensor, gradient: try #require(parameter.tensor.grad),
          firstMoment: first[index], secondMoment: second[index],
          weightDecay: parameter.shape.count > 1 ? 0.1 : 0)
      }
      try AdamW().update(slots, step: step + 1, learningRate: 1e-3)
      for parameter in parameters { parameter.tensor.zeroGrad() }
    }
    for parameter in parameters {
      let b = try expected.tensor("final." + parameter.name).values
      let worst = zip(parameter.tensor.values, b).map { abs($0 - $1) }.max() ?? 0
      #expect(
        parameter.tensor.values.isClose(to: b), "\(parameter.name): \(worst) of \(b.map(abs).max() ?? 0)")
    }
  }

  @Test("parameters bear Transformers' names and order", arguments: cases)
  func names(_ name: String) throws {
    let model = try LanguageModel.load(try Fixtures.path("llama/\(name)")).transformer
    let file = try SafeTensorsFile(path: try Fixtures.path("llama/\(name)/model.safetensors"))
    #expect(Set(model.parameters.map(\.name)) == Set(file.entries.map(\.name)))
    #expect(model.parameters.first?.name == "model.embed_tokens.weight")
    #expect(model.parameters[1].name == "model.layers.0.self_attn.q_proj.weight")
  }

  @Test("decoding step by step gives the logits of the whole", arguments: cases)
  func decoding(_ name: String) throws {
    let model = try LanguageModel.load(try Fixtures.path("llama/\(name)")).transformer
    let ids = try Expected(name).ids("ids")
    let whole = try model.plainLogits(ids)
    let cache = try model.makeCache(capacity: ids.count)
    var last = try model.advance(Array(ids.prefix(5)), cache: cache)
    #expect(last.isClose(to: Array(whole[4 * 64..<5 * 64])))
    for (position, id) in ids.enumerated().dropFirst(5) {
      last = try model.advance([id], cache: cache)
      #expect(last.isClose(to: Array(whole[position * 64..<(position + 1) * 64])), "position \(position)")
    }
    #expect(cache.length == ids.count)
  }
}
