import CKernels

/// The backward pass of attention: probabilities are made again block by block.
struct AttentionGradients {
  private let plan: AttentionPlan
  private let q: Tensor
  private let k: Tensor
  private let v: Tensor
  private let lse: Tensor
  private let dout: Tensor
  /// For each head and row the sum of dout * out, (heads, T).
  private let delta: Tensor
  private let provider: any MatrixProduct

  init(
    _ plan: AttentionPlan, q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, dout: Tensor
  ) throws {
    provider = try MatrixProducts.current
    let type = provider.type(for: q.dataType)
    self.plan = plan
    self.lse = lse
    (self.q, self.k, self.v) = (q.converted(to: type), k.converted(to: type), v.converted(to: type))
    self.dout = dout.converted(to: type)
    let floats = out.converted(to: .f32), delta = Tensor.uninitialized([plan.heads, plan.rows])
    try Parallel.rows(plan.heads, cost: plan.rows * plan.width) { heads in
      for head in heads {
        let column = head * plan.width
        yy_attention_delta(
          delta.pointer + head * plan.rows, dout.pointer + column, floats.pointer + column, plan.rows,
          plan.queryStride, plan.width)
      }
    }
    self.delta = delta
  }

  /// dq, dk and dv, where they are asked for.
  ///
  /// One piece per document and head of keys, whose gradients its query heads add into one after the other.
  func run(needsQuery: Bool, needsKey: Bool, needsValue: Bool) throws -> [Tensor?] {
    let dq = needsQuery ? Tensor.uninitialized(q.shape) : nil
    let dk = needsKey ? Tensor.zeros(k.shape) : nil
    let dv = needsValue ? Tensor.zeros(v.shape) : nil
    let pieces = plan.documents.count * plan.kvHeads
    let scratch = Scratch(size: plan.backwardScratchSize, pieces: pieces)
    try Parallel.pieces(pieces) { piece in
      let keyHead = piece % plan.kvHeads
      scratch.withSlot { memory in
        for head in keyHead * plan.group..<(keyHead + 1) * plan.group {
          for block in plan.documents[piece / plan.kvHeads] {
            add(block, head, keyHead, memory, dq: dq, dk: dk, dv: dv)
          }
        }
      }
    }
    return [dq, dk, dv]
  }

  private func add(
    _ block: AttentionPlan.Block, _ head: Int, _ keyHead: Int, _ memory: UnsafeMutablePointer<Float>,
    dq: Tensor?, dk: Tensor?, dv: Tensor?
  ) {
    let (width, queryStride, keyStride) = (plan.width, plan.queryStride, plan.keyStride)
    let keyColumn = block.start * keyStride + keyHead * width
    let queryColumn = block.rows.lowerBound * queryStride + head * width
    let (count, keys, stride) = (block.rows.count, block.keys, block.stride)
    let p = memory, dp = memory + plan.scoresSize, typed = memory + 2 * plan.scoresSize
    let statistics = head * plan.rows + block.rows.lowerBound
    provider.multiply(
      m: count, n: keys, k: width, alpha: plan.scale, a: q.matrix + queryColumn, lda: queryStride,
      transposeA: false, b: k.matrix + keyColumn, ldb: keyStride, transposeB: true, beta: 0, c: p, ldc: stride
    )
    yy_attention_probabilities(p, lse.pointer + statistics, count, stride, block.visible)
    if let dv {
      provider.multiply(
        m: keys, n: width, k: count, alpha: 1, a: q.typed(p, count * stride, in: typed), lda: stride,
        transposeA: true, b: dout.matrix + queryColumn, ldb: queryStride, transposeB: false, beta: 1,
        c: dv.pointer + keyColumn, ldc: keyStride)
    }
    guard dq != nil || dk != nil else { return }
    provider.multiply(
      m: count, n: keys, k: width, alpha: 1, a: dout.matrix + queryColumn, lda: queryStride,
      transposeA: false,
      b: v.matrix + keyColumn, ldb: keyStride, transposeB: true, beta: 0, c: dp, ldc: stride)
    yy_attention_score_gradient(dp, p, delta.pointer + statistics, plan.scale, count, stride, block.visible)
    let dscores = q.typed(dp, count * stride, in: typed)
    if let dq {
      provider.multiply(
        m: count, n: width, k: keys, alpha: 1, a: dscores, lda: stride, transposeA: false,
        b: k.matrix + keyColumn, ldb: keyStride, transposeB: false, beta: 0, c: dq.pointer + queryColumn,
        ldc: queryStride)
    }
    if let dk {
      provider.multiply(
        m: keys, n: width, k: count, alpha: 1, a: dscores, lda: stride, transposeA: true,
        b: q.matrix + queryColumn, ldb: queryStride, transposeB: false, beta: 1, c: dk.pointer + keyColumn,
        ldc: keyStride)
    }
  }
}
