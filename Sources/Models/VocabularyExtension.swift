import Processes
import Tensors
public import Tokenizers

/// A piece that a vocabulary gets, and what the old vocabulary makes of its text.
public struct NewPiece: Sendable {
  public let id: Int32
  /// As the vocabulary writes it ("▁the").
  public let piece: String
  /// Old ids that encode the same text.
  public let subpieces: [Int32]
  /// Whether the row is one of the head; false for the embedding (and for the one matrix of a tied model).
  public let isHead: Bool
  /// Numbers that a row has.
  public let width: Int
}

/// How the rows of new pieces start.
public enum RowInitializer {
  /// The mean of the rows of the old vocabulary's sub-pieces of each new piece.
  case pieces
  /// The mean of all old rows.
  case mean
  /// Normal with the model's initializer range, drawn by (seed, matrix, id).
  case noise(seed: UInt64)
  case closure((NewPiece) throws -> [Float])
}

extension LanguageModel {
  /// Makes room for the pieces that `tokenizer` has beyond the present one, in the embedding and in an untied
  /// head.
  ///
  /// Old rows keep every bit. Ids of old pieces must not change. Returns the number of rows added.
  /// - Throws: `ModelError` for a smaller vocabulary, for pieces that moved, and where an adapter is attached.
  @discardableResult
  public func extendVocabulary(_ tokenizer: any Tokenizer, initializer: RowInitializer = .pieces) throws
    -> Int
  {
    guard lora == nil else {
      throw ModelError(
        argument: "tokenizer", reason: "an adapter is attached: extend the vocabulary before add_lora")
    }
    let old = spec.vocabSize
    guard tokenizer.count >= old else {
      throw ModelError(
        argument: "tokenizer",
        reason: "\(tokenizer.count) pieces would shrink the model's vocabulary of \(old)")
    }
    // A model may have more rows than its tokenizer has pieces; those were never trained.
    let known = min(self.tokenizer?.count ?? old, old)
    try checkOldPieces(tokenizer, count: known)
    let pieces = try newPieces(tokenizer, from: known, initializer)
    let embedding = try extended(
      transformer.embedding, to: tokenizer.count, pieces, initializer, isHead: false)
    let head = try transformer.untiedHead.map {
      try extended($0, to: tokenizer.count, pieces, initializer, isHead: true)
    }
    transformer.embedding.replace(with: embedding)
    if let head { transformer.untiedHead?.replace(with: head) }
    for parameter in [transformer.embedding, transformer.head] where tokenizer.count > known {
      parameter.differsFromBase = true
    }
    transformer.spec.vocabSize = tokenizer.count
    transformer.spec.padTokenID = tokenizer.padID.map(Int.init) ?? transformer.spec.padTokenID
    self.tokenizer = tokenizer
    return tokenizer.count - old
  }

  private func checkOldPieces(_ tokenizer: any Tokenizer, count: Int) throws {
    guard let old = self.tokenizer else { return }
    for id in 0..<Int32(count) where old.piece(id) != tokenizer.piece(id) {
      throw ModelError(
        argument: "tokenizer",
        reason:
          "id \(id) is '\(tokenizer.piece(id) ?? "")', but '\(old.piece(id) ?? "")' in the model's tokenizer")
    }
  }

  private func newPieces(_ tokenizer: any Tokenizer, from first: Int, _ initializer: RowInitializer) throws
    -> [NewPiece]
  {
    let needsSubpieces =
      switch initializer {
      case .pieces, .closure: true
      case .mean, .noise: false
      }
    if case .pieces = initializer, self.tokenizer == nil, tokenizer.count > first {
      throw ModelError(
        argument: "initializer", reason: "\"pieces\" needs the model's own tokenizer, and this model has none"
      )
    }
    return try (first..<tokenizer.count).map { id in
      if id % 1024 == 0 { try Interrupt.check() }
      let piece = tokenizer.piece(Int32(id)) ?? ""
      let subpieces = needsSubpieces ? try self.tokenizer.map { try Self.subpieces(of: piece, $0) } ?? [] : []
      return NewPiece(
        id: Int32(id), piece: piece, subpieces: subpieces, isHead: false, width: spec.hiddenSize)
    }
  }

  /// The old ids of a piece's text.
  ///
  /// A tokenizer that puts a space before a text must not do so within a word: such
  /// a piece is encoded behind a line feed, whose tokens are left out.
  static func subpieces(of piece: String, _ tokenizer: any Tokenizer) throws -> [Int32] {
    let text = piece.replacing("\u{2581}", with: " ")
    if text.hasPrefix(" "), text.count > 1 { return try tokenizer.encode(String(text.dropFirst())) }
    return try tokenizer.encode(offsets: "\n" + text).filter { $0.range.lowerBound > 0 }.map(\.id)
  }

  private func extended(
    _ parameter: Parameter, to rows: Int, _ pieces: [NewPiece], _ initializer: RowInitializer, isHead: Bool
  ) throws -> Tensor {
    let (old, width) = (parameter.tensor.converted(to: .f32), spec.hiddenSize)
    let tensor = try Tensor.allocate(
      [rows, width], purpose: .weights, op: "extend_vocabulary", argument: "tokenizer")
    tensor.pointer.update(from: old.pointer, count: min(old.count, tensor.count))
    let average = RowAverage(old, width: width)
    let mean = average.mean(of: 0..<Int32(old.count / width))
    for piece in pieces {
      let row: [Float]
      switch initializer {
      case .pieces:
        row = piece.subpieces.isEmpty ? mean : average.mean(of: piece.subpieces)
      case .mean:
        row = mean
      case .noise(let seed):
        let key = RandomKey(seed: seed, "row " + parameter.name, UInt64(piece.id))
        row = Tensor.normal([width], standardDeviation: spec.initializerRange, key: key).values
      case .closure(let body):
        row = try body(
          NewPiece(id: piece.id, piece: piece.piece, subpieces: piece.subpieces, isHead: isHead, width: width)
        )
        guard row.count == width else {
          throw ModelError(
            argument: "initializer",
            reason: "\(width) numbers expected for '\(piece.piece)', got \(row.count)")
        }
      }
      row.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        (tensor.pointer + Int(piece.id) * width).update(from: base, count: width)
      }
    }
    return tensor.converted(to: parameter.tensor.dataType)
  }
}

/// Means over rows of a matrix, summed in double precision.
private struct RowAverage {
  let matrix: Tensor
  let width: Int

  init(_ matrix: Tensor, width: Int) {
    self.matrix = matrix
    self.width = width
  }

  func mean(of ids: some Collection<Int32>) -> [Float] {
    var sums = [Double](repeating: 0, count: width)
    for id in ids {
      let row = matrix.pointer + Int(id) * width
      for i in 0..<width { sums[i] += Double(row[i]) }
    }
    return sums.map { Float($0 / Double(ids.count)) }
  }
}
