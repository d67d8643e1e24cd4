import CKernels

extension Tensor {
  /// Causal attention inside each document of a packed row (Vaswani and others 2017).
  ///
  /// `q` is (T, heads * headWidth), `k` and `v` are (T, kvHeads * headWidth), each head of keys serving heads
  /// / kvHeads heads of queries; `documents` are lengths that sum to T. The result is (T, heads * headWidth).
  /// Kept for the gradients are the arguments, the result and one number per row and head; probabilities are
  /// made again block by block.
  public static func attention(
    q: Tensor, k: Tensor, v: Tensor, heads: Int, kvHeads: Int, headWidth: Int, documents: [Int]
  ) throws -> Tensor {
    let op = "attention"
    try checkHeads(heads, kvHeads, headWidth, op: op)
    try q.require(axes: 2, as: "q", of: op)
    let length = q.shape[0]
    try q.require(shape: [length, heads * headWidth], as: "q", of: op)
    try k.require(shape: [length, kvHeads * headWidth], as: "k", of: op)
    try v.require(shape: [length, kvHeads * headWidth], as: "v", of: op)
    guard documents.allSatisfy({ $0 > 0 }), documents.reduce(0, +) == length else {
      let reason = "positive lengths that sum to \(length) expected, got \(documents)"
      throw TensorError(op: op, argument: "documents", reason: reason)
    }
    let plan = AttentionPlan(heads: heads, kvHeads: kvHeads, width: headWidth, documents: documents)
    let out = try Tensor.allocate(q.shape, op: op)
    let lse = Tensor.uninitialized([heads, length])
    try plan.forward(out: out, lse: lse, q: q, k: k, v: v)
    guard needsGradient(q, k, v) else { return out }
    let gradients = AttentionGradients(
      plan: plan, q: q.detached(), k: k.detached(), v: v.detached(), out: out.detached(), lse: lse,
      needsQuery: q.requiresGrad, needsKey: k.requiresGrad, needsValue: v.requiresGrad)
    return out.recorded(from: q, k, v) { try gradients.pullback($0) }
  }

  static func checkHeads(_ heads: Int, _ kvHeads: Int, _ headWidth: Int, op: String) throws {
    guard heads > 0 else {
      throw TensorError(op: op, argument: "heads", reason: "at least 1 expected, got \(heads)")
    }
    guard headWidth > 0 else {
      throw TensorError(op: op, argument: "headWidth", reason: "at least 1 expected, got \(headWidth)")
    }
    guard kvHeads > 0, heads % kvHeads == 0 else {
      let reason = "a divisor of the \(heads) heads expected, got \(kvHeads)"
      throw TensorError(op: op, argument: "kvHeads", reason: reason)
    }
  }
}

extension AttentionPlan {
  /// One piece per head and block.
  fileprivate func forward(out: Tensor, lse: Tensor, q: Tensor, k: Tensor, v: Tensor) throws {
    let blocks = Array(documents.joined())
    let scratch = Scratch(size: scoresSize, pieces: blocks.count * heads)
    let provider = try MatrixProducts.current
    try Parallel.pieces(blocks.count * heads) { piece in
      let block = blocks[piece / heads], head = piece % heads
      let keyColumn = block.start * keyStride + head / group * width
      let queryColumn = block.rows.lowerBound * queryStride + head * width
      scratch.withSlot { scores in
        provider.multiply(
          m: block.rows.count, n: block.keys, k: width, alpha: scale,
          a: q.pointer + queryColumn, lda: queryStride, transposeA: false,
          b: k.pointer + keyColumn, ldb: keyStride, transposeB: true, beta: 0, c: scores, ldc: block.stride)
        yy_attention_softmax(
          scores, lse.pointer + head * rows + block.rows.lowerBound, block.rows.count, block.stride,
          block.visible)
        provider.multiply(
          m: block.rows.count, n: width, k: block.keys, alpha: 1, a: scores, lda: block.stride,
          transposeA: false,
          b: v.pointer + keyColumn, ldb: keyStride, transposeB: false, beta: 0, c: out.pointer + queryColumn,
          ldc: queryStride)
      }
    }
  }
}

/// What the backward pass of attention needs, and its blocks.
private struct AttentionGradients {
  let plan: AttentionPlan
  let q: Tensor
  let k: Tensor
  let v: Tensor
  let out: Tensor
  let lse: Tensor
  let needsQuery: Bool
  let needsKey: Bool
  let needsValue: Bool

  /// One piece per document and head of keys, whose gradients its query heads add into one after the other.
  func pullback(_ dout: Tensor) throws -> [Tensor?] {
    let dq = needsQuery ? Tensor.uninitialized(q.shape) : nil
    let dk = needsKey ? Tensor.zeros(k.shape) : nil
    let dv = needsValue ? Tensor.zeros(v.shape) : nil
    let pieces = plan.documents.count * plan.kvHeads
    let scratch = Scratch(size: plan.gradientScratchSize, pieces: pieces)
    let provider = try MatrixProducts.current
    try Parallel.pieces(pieces) { piece in
      let keyHead = piece % plan.kvHeads
      scratch.withSlot { memory in
        for head in keyHead * plan.group..<(keyHead + 1) * plan.group {
          for block in plan.documents[piece / plan.kvHeads] {
            addBlock(block, head, keyHead, memory, provider, dout: dout, dq: dq, dk: dk, dv: dv)
          }
        }
      }
    }
    return [dq, dk, dv]
  }

  private func addBlock(
    _ block: AttentionPlan.Block, _ head: Int, _ keyHead: Int, _ memory: UnsafeMutablePointer<Float>,
    _ provider: any MatrixProduct, dout: Tensor, dq: Tensor?, dk: Tensor?, dv: Tensor?
  ) {
    let (width, queryStride, keyStride) = (plan.width, plan.queryStride, plan.keyStride)
    let keyColumn = block.start * keyStride + keyHead * width
    let queryColumn = block.rows.lowerBound * queryStride + head * width
    let (count, keys, stride) = (block.rows.count, block.keys, block.stride)
    let p = memory, dp = memory + plan.scoresSize, delta = memory + 2 * plan.scoresSize
    provider.multiply(
      m: count, n: keys, k: width, alpha: plan.scale, a: q.pointer + queryColumn, lda: queryStride,
      transposeA: false,
      b: k.pointer + keyColumn, ldb: keyStride, transposeB: true, beta: 0, c: p, ldc: stride)
    yy_attention_probabilities(
      p, lse.pointer + head * plan.rows + block.rows.lowerBound, count, stride, block.visible)
    if let dv {
      provider.multiply(
        m: keys, n: width, k: count, alpha: 1, a: p, lda: stride, transposeA: true,
        b: dout.pointer + queryColumn,
        ldb: queryStride, transposeB: false, beta: 1, c: dv.pointer + keyColumn, ldc: keyStride)
    }
    guard dq != nil || dk != nil else { return }
    provider.multiply(
      m: count, n: keys, k: width, alpha: 1, a: dout.pointer + queryColumn, lda: queryStride,
      transposeA: false,
      b: v.pointer + keyColumn, ldb: keyStride, transposeB: true, beta: 0, c: dp, ldc: stride)
    yy_attention_delta(
      delta, dout.pointer + queryColumn, out.pointer + queryColumn, count, queryStride, width)
    yy_attention_score_gradient(dp, p, delta, plan.scale, count, stride, block.visible)
    if let dq {
      provider.multiply(
        m: count, n: width, k: keys, alpha: 1, a: dp, lda: stride, transposeA: false,
        b: k.pointer + keyColumn,
        ldb: keyStride, transposeB: false, beta: 0, c: dq.pointer + queryColumn, ldc: queryStride)
    }
    if let dk {
      provider.multiply(
        m: keys, n: width, k: count, alpha: 1, a: dp, lda: stride, transposeA: true,
        b: q.pointer + queryColumn,
        ldb: queryStride, transposeB: false, beta: 1, c: dk.pointer + keyColumn, ldc: keyStride)
    }
  }
}
