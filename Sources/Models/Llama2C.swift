import Files
import Glibc
import Tensors

/// A checkpoint of karpathy/llama2.c in its first format: seven 32-bit integers, then the weights in f32.
///
/// Its rotary embedding turns neighbours (2i, 2i+1) where Hugging Face's turns halves (i, i + width/2), so
/// the rows of q and k are reordered while reading.
struct Llama2CFile: ParameterSource {
  let spec: ModelSpec
  private let mapping: WeightMapping
  /// Where the first tensor of each kind starts, in floats after the header.
  private let starts: [ParameterKind: Int]

  private static let headerBytes = 28

  init(path: String) throws {
    let size = try MappedFile(path).bytes.count
    let mapping = try WeightMapping(path)
    guard mapping.bytes.count == size else {
      throw FileError(path: path, reason: "the file changed while it was opened")
    }
    func fault(_ reason: String) -> FileError { FileError(path: path, reason: reason) }
    guard size >= Self.headerBytes else {
      throw fault("\(size) bytes are too few for a llama2.c checkpoint, whose header alone takes 28")
    }
    let header = withExtendedLifetime(mapping) {
      (0..<7).map {
        Int(Int32(littleEndian: mapping.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
      }
    }
    guard header[0] != 0x616B_3432 else {
      throw fault("a llama2.c checkpoint of version \(header[1]): version 0 is read")
    }
    let names = ["dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"]
    for (name, value) in zip(names, header)
    where abs(value) == 0 || abs(value) > 1 << 24 || (value < 0 && name != "vocab_size") {
      throw FileError(path: path, field: name, reason: "\(value) cannot be: not a llama2.c checkpoint")
    }
    var spec = ModelSpec(
      vocabSize: abs(header[5]), hiddenSize: header[0], numHiddenLayers: header[2],
      numAttentionHeads: header[3],
      intermediateSize: header[1], numKeyValueHeads: header[4])
    spec.maxPositionEmbeddings = header[6]
    spec.tieWordEmbeddings = header[5] > 0
    do { try spec.validate() } catch let error as ModelError {
      throw FileError(path: path, field: error.argument, reason: error.reason)
    }

    var starts: [ParameterKind: Int] = [:]
    var position = 0.0
    func place(_ kind: ParameterKind?, _ sizes: Int...) {
      if let kind, position < 1e15 { starts[kind] = Int(position) }
      position += sizes.reduce(1.0) { $0 * Double($1) }
    }
    let (layers, width) = (spec.numHiddenLayers, spec.hiddenSize)
    place(.embedding, spec.vocabSize, width)
    place(.blockNorm(.attentionNorm), layers, width)
    place(.weight(.q), layers, spec.queryWidth, width)
    place(.weight(.k), layers, spec.keyValueWidth, width)
    place(.weight(.v), layers, spec.keyValueWidth, width)
    place(.weight(.o), layers, width, spec.queryWidth)
    place(.blockNorm(.feedForwardNorm), layers, width)
    place(.weight(.gate), layers, spec.intermediateSize, width)
    place(.weight(.down), layers, width, spec.intermediateSize)
    place(.weight(.up), layers, spec.intermediateSize, width)
    place(.norm, width)
    // Tables of cosines and sines that old files carry and nobody reads.
    place(nil, spec.maxPositionEmbeddings, spec.headWidth)
    if !spec.tieWordEmbeddings { place(.head, spec.vocabSize, width) }
    let expected = Double(Self.headerBytes) + 4 * position
    guard Double(size) == expected else {
      let bytes = expected < 1e15 ? "\(Int(expected))" : "\(expected)"
      let sizes = "dim \(width), \(layers) layers and vocabulary \(spec.vocabSize)"
      throw fault("\(bytes) bytes expected for \(sizes), got \(size)")
    }
    self.spec = spec
    self.starts = starts
    self.mapping = mapping
  }

  func tensor(_ place: ParameterPlace, for type: DataType) throws -> Tensor {
    guard let first = starts[place.kind], let base = mapping.bytes.baseAddress else {
      preconditionFailure("the format holds every kind of parameter that its spec has")
    }
    let start = Self.headerBytes + 4 * (first + (place.layer ?? 0) * place.count)
    let source = (base + start).assumingMemoryBound(to: Float.self)
    switch place.kind {
    case .weight(.q), .weight(.k):
      let tensor = try Tensor.allocate(place.shape, purpose: .weights, op: "load", argument: place.name)
      let (columns, half) = (place.shape[1], spec.headWidth / 2)
      for row in 0..<place.shape[0] {
        let (head, within) = row.quotientAndRemainder(dividingBy: spec.headWidth)
        let from = head * spec.headWidth + (within < half ? 2 * within : 2 * (within - half) + 1)
        (tensor.pointer + row * columns).update(from: source + from * columns, count: columns)
      }
      return tensor
    default:
      return Tensor(borrowing: source, shape: place.shape, owner: mapping)
    }
  }
}
