import CKernels

/// The rows of x (T, C) that have a target, and their logits x * weight' a piece of rows at a time; whole
/// logits never exist.
struct LogitPieces {
  /// The rows of x with a target of at least 0, in order.
  let trained: [Int32]
  /// Their targets.
  let targets: [Int32]
  let vocabulary: Int
  let columns: Int
  /// Rows a piece, from the shape alone: at most 32 MB of logits, at most 512 rows.
  let pieceRows: Int

  private static let pieceElements = 1 << 23

  init(x: Tensor, weight: Tensor, targets all: [Int32], op: String) throws {
    try x.require(axes: 2, of: op)
    try weight.require(axes: 2, as: "weight", of: op)
    (vocabulary, columns) = (weight.shape[0], x.shape[1])
    try weight.require(shape: [vocabulary, columns], as: "weight", of: op)
    guard all.count == x.shape[0] else {
      let reason = "one for each of the \(x.shape[0]) rows expected, got \(all.count)"
      throw TensorError(op: op, argument: "targets", reason: reason)
    }
    for (row, target) in all.enumerated() where target < -1 || target >= vocabulary {
      let reason = "-1 or ids 0 to \(vocabulary - 1) expected, got \(target) in row \(row)"
      throw TensorError(op: op, argument: "targets", reason: reason)
    }
    trained = all.indices.filter { all[$0] >= 0 }.map { Int32($0) }
    targets = all.filter { $0 >= 0 }
    pieceRows = Self.pieceRows(vocabulary: vocabulary)
  }

  static func pieceRows(vocabulary: Int) -> Int {
    min(512, max(16, pieceElements / max(1, vocabulary) / 16 * 16))
  }

  /// The rows of x that have a target, without the others between them.
  func compact(_ x: Tensor) throws -> Tensor {
    if trained.count == x.shape[0] { return x.detached() }
    let rows = Tensor.uninitialized([trained.count, columns], type: x.dataType)
    let width = columns * x.dataType.stride
    for (place, row) in trained.enumerated() {
      (rows.raw + place * width).copyMemory(from: x.raw + Int(row) * width, byteCount: width)
    }
    return rows
  }

  /// The opposite of `compact`: rows without a target are 0.
  func spread(_ rows: Tensor, to count: Int) throws -> Tensor {
    if trained.count == count { return rows }
    let out = Tensor.zeros([count, columns])
    yy_scatter_add_rows(out.pointer, rows.pointer, trained, trained.count, columns, 0, columns)
    return out
  }

  /// Calls `body` with a range of compact rows, those rows and their logits, which it may overwrite.
  func forEach(
    rows: Tensor, weight: Tensor, _ body: (Range<Int>, _ rows: Tensor, _ logits: Tensor) throws -> Void
  ) throws {
    let memory = Tensor.uninitialized([min(pieceRows, trained.count), vocabulary])
    for start in stride(from: 0, to: trained.count, by: pieceRows) {
      let piece = start..<min(start + pieceRows, trained.count)
      let logits = memory.view([piece.count, vocabulary])
      let x = rows.view([piece.count, columns], offset: start * columns)
      try logits.setToSum(
        of: [ProductTerm(a: x, b: weight, transposeB: true)], multipliedAs: rows.dataType)
      try body(piece, x, logits)
    }
  }

  /// Writes -log p(target) of the rows of a piece; with a scale the logits become the gradient of scale *
  /// their sum.
  func losses(
    of piece: Range<Int>, _ logits: UnsafeMutablePointer<Float>,
    into losses: UnsafeMutableBufferPointer<Double>,
    gradientScale: Float?
  ) throws {
    try Parallel.rows(piece.count, cost: 4 * vocabulary) { rows in
      for row in rows {
        var target = targets[piece.lowerBound + row]
        let logits = logits + row * vocabulary
        if let gradientScale {
          losses[piece.lowerBound + row] = yy_cross_entropy_gradient(
            logits, &target, gradientScale, 1, vocabulary)
        } else {
          losses[piece.lowerBound + row] = yy_cross_entropy_forward(logits, &target, 1, vocabulary)
        }
      }
    }
  }
}
