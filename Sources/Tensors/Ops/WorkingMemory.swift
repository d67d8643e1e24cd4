/// The buffers that operations make beside their results, for those who plan memory: taken from where the operations
/// themselves decide on them.
public enum WorkingMemory {
  /// The logits that exist at one time, in numbers, of so many rows with a target.
  public static func logits(rows: Int, vocabulary: Int) -> Int {
    min(LogitPieces.pieceRows(vocabulary: vocabulary), rows) * vocabulary
  }

  /// The scores of causal attention over documents of these lengths, in numbers.
  ///
  /// - Parameter backward: of the backward pass, which has two blocks of scores where the forward pass has one.
  public static func attention(documents: [Int], heads: Int, kvHeads: Int, backward: Bool) -> Int {
    let plan = AttentionPlan(heads: heads, kvHeads: kvHeads, width: 1, documents: documents)
    let pieces = backward ? documents.count * kvHeads : plan.documents.joined().count * heads
    let size = backward ? plan.gradientScratchSize : plan.scoresSize
    return Scratch.count(size: size, pieces: pieces)
  }
}
