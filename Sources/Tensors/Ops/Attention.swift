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
    precondition(k.dataType == q.dataType && v.dataType == q.dataType, "q, k and v have one type")
    let plan = AttentionPlan(heads: heads, kvHeads: kvHeads, width: headWidth, documents: documents)
    let out = try Tensor.allocate(q.shape, type: q.dataType, op: op)
    let lse = Tensor.uninitialized([heads, length])
    try AttentionForward(plan, q: q, k: k, v: v).run(out: out, lse: lse)
    guard needsGradient(q, k, v) else { return out }
    let kept = (q: q.detached(), k: k.detached(), v: v.detached(), out: out.detached())
    let needs = (q: q.requiresGrad, k: k.requiresGrad, v: v.requiresGrad)
    return out.recorded(from: q, k, v) { dout in
      let gradients = try AttentionGradients(
        plan, q: kept.q, k: kept.k, v: kept.v, out: kept.out, lse: lse, dout: dout)
      return try gradients.run(needsQuery: needs.q, needsKey: needs.k, needsValue: needs.v)
    }
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

/// The forward pass: q, k and v in the type that the CPU multiplies them in.
struct AttentionForward {
  private let plan: AttentionPlan
  private let q: Tensor
  private let k: Tensor
  private let v: Tensor
  private let provider: any MatrixProduct

  init(_ plan: AttentionPlan, q: Tensor, k: Tensor, v: Tensor) throws {
    self.plan = plan
    provider = try MatrixProducts.current
    let type = provider.type(for: q.dataType)
    (self.q, self.k, self.v) = (q.converted(to: type), k.converted(to: type), v.converted(to: type))
  }

  /// One piece per head and block.
  func run(out: Tensor, lse: Tensor) throws {
    let (width, heads) = (plan.width, plan.heads)
    let blocks = Array(plan.documents.joined())
    let scratch = Scratch(size: plan.forwardScratchSize, pieces: blocks.count * heads)
    try Parallel.pieces(blocks.count * heads) { piece in
      let block = blocks[piece / heads], head = piece % heads
      let keyColumn = block.start * plan.keyStride + head / plan.group * plan.keyHeadStride
      let queryColumn = block.rows.lowerBound * plan.queryStride + head * width
      scratch.withSlot { scores in
        provider.multiply(
          m: block.rows.count, n: block.keys, k: width, alpha: plan.scale,
          a: q.matrix + queryColumn, lda: plan.queryStride, transposeA: false,
          b: k.matrix + keyColumn, ldb: plan.keyStride, transposeB: true, beta: 0, c: scores,
          ldc: block.stride)
        yy_attention_softmax(
          scores, lse.pointer + head * plan.rows + block.rows.lowerBound, block.rows.count, block.stride,
          block.visible)
        let p = v.typed(scores, block.rows.count * block.stride, in: scores + plan.scoresSize)
        let result = scores + 2 * plan.scoresSize
        provider.multiply(
          m: block.rows.count, n: width, k: block.keys, alpha: 1, a: p, lda: block.stride, transposeA: false,
          b: v.matrix + keyColumn, ldb: plan.keyStride, transposeB: false, beta: 0, c: result, ldc: width)
        for row in 0..<block.rows.count {
          let first = queryColumn + row * plan.queryStride
          out.withNewFloats(first..<first + width) { $0.update(from: result + row * width, count: width) }
        }
      }
    }
  }
}

extension MatrixProduct {
  /// The type in which numbers of a type are multiplied.
  func type(for wanted: DataType) -> DataType { wanted == .bf16 && !multipliesBFloat16 ? .f32 : wanted }
}

extension Tensor {
  /// Floats as numbers of the type of self: where they lie, or rounded into `scratch`.
  func typed(
    _ floats: UnsafeMutablePointer<Float>, _ count: Int, in scratch: UnsafeMutablePointer<Float>
  ) -> MatrixPointer {
    guard dataType == .bf16 else { return .f32(floats) }
    let halves = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt16.self)
    yy_to_bfloat16(halves, floats, count)
    return .bf16(halves)
  }
}
