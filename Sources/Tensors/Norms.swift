import CKernels

/// Elements summed as one piece; fixed, so that the sum has the same bits for any number of threads.
private let pieceLength = 1 << 16

/// The sum of the squares of all elements, in f64: the square of the global norm that clipping compares.
public func squaredNorm(_ tensors: [Tensor]) -> Double {
  tensors.reduce(0) { $0 + squaredNorm($1) }
}

/// The sum of the squares of all elements, in f64.
public func squaredNorm(_ tensor: Tensor) -> Double {
  let pieces = (tensor.count + pieceLength - 1) / pieceLength
  var sums = [Double](repeating: 0, count: pieces)
  sums.withUnsafeMutableBufferPointer { sums in
    let sums = sums
    Parallel.allPieces(pieces) { piece in
      let first = piece * pieceLength
      sums[piece] = yy_squared_norm(tensor.pointer + first, min(pieceLength, tensor.count - first))
    }
  }
  return sums.reduce(0, +)
}

extension Tensor {
  /// The place, in row-major order, of the first element that is NaN or infinite; nil when all are finite.
  public var firstNonFinite: Int? {
    guard dataType == .f32 else { return converted(to: .f32).firstNonFinite }
    let pieces = (count + pieceLength - 1) / pieceLength
    var found = [Int](repeating: -1, count: pieces)
    found.withUnsafeMutableBufferPointer { found in
      let found = found
      Parallel.allPieces(pieces) { piece in
        let first = piece * pieceLength
        let place = yy_first_non_finite(pointer + first, min(pieceLength, count - first))
        if place >= 0 { found[piece] = first + place }
      }
    }
    return found.first { $0 >= 0 }
  }
}
