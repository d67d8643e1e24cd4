/// The buffers that operations make beside their results, in numbers, for those who plan memory: taken from where the
/// operations themselves decide on them.
public enum WorkingMemory {
  /// The logits that exist at one time, of so many rows with a target.
  public static func logits(rows: Int, vocabulary: Int) -> Int {
    min(LogitPieces.pieceRows(vocabulary: vocabulary), rows) * vocabulary
  }

  /// The scores of causal attention over documents of these lengths.
  public static func attention(
    documents: [Int], heads: Int, kvHeads: Int, headWidth: Int, backward: Bool
  ) -> Int {
    let plan = AttentionPlan(heads: heads, kvHeads: kvHeads, width: headWidth, documents: documents)
    return backward
      ? Scratch.count(size: plan.backwardScratchSize, pieces: documents.count * kvHeads)
      : Scratch.count(
        size: plan.forwardScratchSize, pieces: plan.documents.reduce(0) { $0 + $1.count } * heads)
  }

  /// The sums of a product of (m, k) by (k, n) that is stored as bf16.
  public static func product(m: Int, n: Int, k: Int) -> Int {
    let cut = MatrixCut(m: m, n: n, k: k)
    return Scratch.count(size: cut.pieceElements(m: m, n: n), pieces: cut.count)
  }
}
