import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Tokenizers

/// A folder that goes when the test ends.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("models-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }
}

enum Fixtures {
  static func path(_ name: String) throws -> String {
    let folder = try #require(Bundle.module.resourcePath)
    return folder + "/Fixtures/" + name
  }
}

/// A sentencepiece BPE model of single letters and a few merges, written field by field.
enum TinyTokenizer {
  /// `<unk> <s> </s> ▁ a … z`, then merges until there are 64.
  static let base: [String] = {
    let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { String(UnicodeScalar($0)) }
    let merges = letters.prefix(17).flatMap { ["▁" + $0, $0 + "a"] }
    return ["<unk>", "<s>", "</s>", "▁"] + letters + merges
  }()

  static func make(_ pieces: [String] = base, adding more: [String] = []) throws -> any Tokenizer {
    var bytes: [UInt8] = []
    for (id, piece) in (pieces + more).enumerated() {
      var message = field(1, Array(piece.utf8))
      message += [0x15] + withUnsafeBytes(of: Float(-id).bitPattern.littleEndian) { Array($0) }
      message += [0x18, id == 0 ? 2 : id < 3 ? 3 : 1]
      bytes += field(1, message)
    }
    bytes += field(2, [0x18, 2])
    bytes += field(3, field(1, Array("identity".utf8)) + [0x18, 1, 0x20, 0])
    return try SentencePieceTokenizer(bytes: bytes, path: "tiny.model")
  }

  private static func field(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [number << 3 | 2]
      + (payload.count < 128
        ? [UInt8(payload.count)] : [UInt8(payload.count & 127) | 128, UInt8(payload.count >> 7)]) + payload
  }
}

extension ModelSpec {
  /// Two layers, hidden 32, vocabulary 64.
  static func tiny(tied: Bool = false, kvHeads: Int? = nil) -> ModelSpec {
    var spec = ModelSpec(
      vocabSize: 64, hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 48,
      numKeyValueHeads: kvHeads)
    spec.maxPositionEmbeddings = 64
    spec.initializerRange = 0.2
    spec.tieWordEmbeddings = tied
    return spec
  }
}

extension Transformer {
  /// Logits without a gradient.
  func plainLogits(_ ids: [Int32]) throws -> [Float] { try withoutGradients { try logits(ids).values } }

  func named(_ name: String) throws -> Parameter { try #require(parameters.first { $0.name == name }) }
}

extension LanguageModel {
  /// Stands for training: changes what is trainable by numbers that depend on place only.
  func disturb(_ size: Float = 0.05) throws {
    transformer.ownTrainableWeights()
    for (index, parameter) in transformer.trainable.enumerated() {
      let noise = Tensor.sample(parameter.shape, seed: UInt64(index) + 77)
      for i in 0..<parameter.count { parameter.tensor.pointer[i] += size * noise.pointer[i] }
    }
  }
}

func text(of body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "no error"
  } catch { return "\(error)" }
}
