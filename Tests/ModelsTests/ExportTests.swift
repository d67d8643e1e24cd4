import Files
import Glibc
import Models
import OrderedCollections
import Testing

/// Writes the folders that scripts/fixtures/check_peft_export.py loads into Transformers and PEFT.
@Suite struct ExportTests {
  private static let folder = getenv("YUYAN_EXPORT").map { String(cString: $0) }

  @Test(.enabled(if: folder != nil), arguments: [false, true])
  func writeFolders(tied: Bool) throws {
    let folder = try #require(Self.folder) + (tied ? "/tied" : "/untied")
    var spec = ModelSpec.tiny(tied: tied, kvHeads: 2)
    spec.ropeLinearFactor = 2
    let model = try LanguageModel.new(spec, tokenizer: try TinyTokenizer.make(), seed: 11)
    try model.save(to: folder + "/base")
    try model.extendVocabulary(try TinyTokenizer.make(adding: ["qz", "xyz", "zq"]))
    try model.addLoRA(.init(rank: 4, alpha: 8, targets: ["q", "v", "down"], train: ["embedding", "norms"]))
    try model.disturb(0.1)
    try model.saveAdapter(to: folder + "/adapter")
    try model.save(to: folder + "/model")
    let ids: [Int32] = [1, 5, 66, 40, 64, 2]
    let logits = try model.transformer.plainLogits(ids)
    let rows = (0..<ids.count).map { row in
      JSON.array(logits[row * 67..<(row + 1) * 67].map { .number(Double($0)) })
    }
    let json = JSON.object(["ids": .array(ids.map { .integer(Int64($0)) }), "logits": .array(rows)])
    try AtomicFile.write(json.text(), to: folder + "/logits.json")
  }
}
