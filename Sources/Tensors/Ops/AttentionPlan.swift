/// How causal attention over packed documents is cut into blocks: from the shape alone.
///
/// A block is up to `blockRows` query rows of one document and one head against all keys they can see, so the
/// work is each document's own lower triangle, and memory is one block's scores.
struct AttentionPlan {
  struct Block {
    /// The first row of the document.
    let start: Int
    /// The query rows.
    let rows: Range<Int>
    /// Keys of the document that come before that of its first row: those a cache holds.
    let before: Int

    /// Keys the block's last row can see.
    var keys: Int { before + rows.upperBound - start }
    /// Keys its first row can see.
    var visible: Int { before + rows.lowerBound - start + 1 }
    /// The distance between rows of its scores.
    var stride: Int { (keys + 15) / 16 * 16 }
  }

  static let blockRows = 64

  let heads: Int
  let kvHeads: Int
  let width: Int
  let rows: Int
  /// The distance between keys, and between heads of them.
  let keyStride: Int
  let keyHeadStride: Int
  /// The blocks of each document, in order.
  let documents: [[Block]]

  /// - Parameters:
  ///   - before: keys that every document begins with; more than 0 only where there is one document.
  ///   - capacity: of a cache, where each head has its rows beside one another; nil for keys beside queries.
  init(heads: Int, kvHeads: Int, width: Int, documents lengths: [Int], before: Int = 0, capacity: Int? = nil)
  {
    precondition(before == 0 || lengths.count == 1, "cached keys are those of one document")
    (self.heads, self.kvHeads, self.width) = (heads, kvHeads, width)
    (keyStride, keyHeadStride) = capacity.map { (width, $0 * width) } ?? (kvHeads * width, width)
    var start = 0
    documents = lengths.map { length in
      defer { start += length }
      return stride(from: start, to: start + length, by: Self.blockRows).map {
        Block(start: start, rows: $0..<min($0 + Self.blockRows, start + length), before: before)
      }
    }
    rows = start
  }

  /// 1 / sqrt(width).
  var scale: Float { 1 / Float(width).squareRoot() }
  var queryStride: Int { heads * width }
  /// Query heads that share one head of keys and values.
  var group: Int { heads / kvHeads }
  /// The floats of the largest block's scores.
  var scoresSize: Int { (documents.lazy.joined().map { $0.rows.count * $0.stride }).max() ?? 0 }
  /// The floats a piece of the forward pass needs: scores, the same in the type of the values, and its rows of the result.
  var forwardScratchSize: Int { 2 * scoresSize + Self.blockRows * width }
  /// The floats a piece of the backward pass needs: scores, their gradients, and either in the type of the values.
  var backwardScratchSize: Int { 3 * scoresSize }
}
