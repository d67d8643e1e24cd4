import Processes
import Tensors
import Tokenizers

extension LanguageModel {
  /// Adds the adapter to the weights and takes it off; everything that is not quantised can be trained again.
  ///
  /// A linear that had an adapter becomes W + scale * B A, summed in f32, in the type the model computes in. Where W is
  /// quantised that is the dequantised W, which the adapter was trained beside; linears without an adapter stay
  /// quantised.
  /// - Parameter text: what to compare the two models on, if anything; the last states of its tokens are kept meanwhile.
  /// - Throws: `ModelError` without an adapter, or when there is no token to compare on; nothing has changed then.
  @discardableResult
  public func mergeLoRA(check text: String? = nil) throws -> MergeCheck? {
    guard lora != nil else { throw ModelError(argument: "lora", reason: "there is no adapter to merge") }
    let windows = try text.map(windows) ?? []
    let before = try states(windows)
    try transformer.merge()
    lora = nil
    transformer.trainAll()
    guard text != nil else { return nil }
    return try MergeCheck(adapted: before, merged: states(windows), head: transformer.head.tensor)
  }

  /// The text's ids, cut into pieces that fit into the context.
  private func windows(of text: String) throws -> [[Int32]] {
    guard let tokenizer else {
      throw ModelError(argument: "check", reason: "the model has no tokenizer to read the text with")
    }
    let ids = try tokenizer.encode(text)
    guard !ids.isEmpty else { throw ModelError(argument: "check", reason: "a text with tokens expected") }
    let bos = tokenizer.bosID.map { [$0] } ?? []
    let length = max(1, spec.maxPositionEmbeddings - bos.count)
    return stride(from: 0, to: ids.count, by: length).map {
      bos + ids[$0..<min(ids.count, $0 + length)]
    }
  }

  private func states(_ windows: [[Int32]]) throws -> [Tensor] {
    try withoutGradients { try windows.map { try transformer.hidden($0, documents: [$0.count]) } }
  }
}
