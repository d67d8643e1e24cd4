import Files
import OrderedCollections
import Scripting
import TestSupport
import Testing

@testable import Library

/// What objects look like at the prompt and in a notebook.
@Suite struct DisplayTests {
  private let session: Evaluator
  private let folder: TemporaryFolder

  init() throws {
    session = try Library.makeSession()
    folder = try TemporaryFolder()
    try folder.write("zh.txt", "从前有一只小猫。\n从前有一只小狗。\n小猫和小狗是好朋友。\n")
    try folder.write(
      "rows.json", #"[{"instruction": "谁来了？", "input": "", "output": "小猫来了。"}]"#)
    try show(
      """
      tok = yy.tokenizer.train { files = { "\(folder.path)/zh.txt" }, vocab_size = 285, seed = 1 }
      packed = yy.data.pack(yy.data.text { "\(folder.path)/zh.txt" }, { tokenizer = tok, length = 32 })
      lessons = yy.data.pack(yy.data.instructions { "\(folder.path)/rows.json" }, { tokenizer = tok, length = 512 })
      m = yy.model.new { hidden_size = 16, num_hidden_layers = 1, num_attention_heads = 2, tokenizer = tok, seed = 1 }
      """)
  }

  @discardableResult private func show(_ code: String) throws -> DisplayData? {
    try session.evaluate(code, name: "cell")
  }

  /// A bare expression and `print` show the same text.
  @Test(arguments: [
    ("tok", "tokenizer (bpe, 285 pieces)"), ("packed", "rows of at most 32 tokens"),
    ("yy.data.text { '/FOLDER/zh.txt' }", "documents of zh.txt"),
    ("yy.optim.adamw()", "adamw (betas 0.9 and 0.999, eps 1e-08, weight decay 0.01)"),
    (
      "yy.schedule.cosine { peak = 1e-3 }",
      "schedule (cosine, peak 0.001, warmup 0.0 of the steps, floor 0.0)"
    ),
    ("yy.tensor { 1, 2 }", "tensor (2) f32 [1, 2]"),
  ]) func objectsPrint(_ code: String, _ text: String) throws {
    let code = code.replacing("/FOLDER", with: folder.path)
    #expect(try show(code)?.plainText == text)
    #expect(try show("tostring(\(code))")?.plainText == text)
  }

  @Test(arguments: ["packed:show(1)", "lessons:show(1)"]) func rowsShowTheirText(_ code: String) throws {
    let text = try show(code)?.plainText ?? ""
    #expect(text.contains("小猫"))
    #expect(try show("tostring(\(code))")?.plainText == text)
  }

  @Test func ledgersAndModelsAreTables() throws {
    #expect(try show("packed:ledger()")?.plainText.contains("zh.txt") == true)
    #expect(try show("m")?.plainText.contains("trainable") == true)
    #expect(try show("yy.eval.perplexity(m, '从前')")?.plainText.contains("bits") == true)
  }

  @Test func scoresAreAHeatMapInANotebook() throws {
    let shown = try #require(try show("m:score '从前<有'"))
    #expect(shown.data["text/html"]?.stringValue?.contains("&lt;") == true)
    #expect(shown.plainText.contains("("))
  }
}
