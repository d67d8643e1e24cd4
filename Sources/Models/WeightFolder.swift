import Files
import OrderedCollections
public import Tensors

/// The safetensors of a Hugging Face folder: one file, or shards found through
/// `model.safetensors.index.json`.
public final class WeightFolder {
  static let singleName = "model.safetensors"
  static let indexName = "model.safetensors.index.json"

  public let folder: String
  private var files: [String: SafeTensorsFile] = [:]
  /// Where each tensor lies: the file's name.
  private var places: OrderedDictionary<String, String> = [:]

  /// Throws `FileError` when there are no weights, a shard is missing, or index and shards disagree.
  public init(folder: String) throws {
    self.folder = folder
    let single = FileSystem.join(folder, Self.singleName)
    let index = FileSystem.join(folder, Self.indexName)
    if FileSystem.exists(index) {
      try readIndex(index)
    } else if FileSystem.exists(single) {
      let file = try SafeTensorsFile(path: single)
      files[Self.singleName] = file
      for entry in file.entries { places[entry.name] = Self.singleName }
    } else if FileSystem.exists(FileSystem.join(folder, "pytorch_model.bin"))
      || FileSystem.exists(FileSystem.join(folder, "pytorch_model.bin.index.json"))
    {
      throw FileError(
        path: FileSystem.join(folder, "pytorch_model.bin"),
        reason: "PyTorch's pickled weights are not read: save the model as safetensors")
    } else {
      throw FileError(
        path: folder, reason: "no model.safetensors and no model.safetensors.index.json in this folder")
    }
  }

  private func readIndex(_ path: String) throws {
    let document = try JSON.read(path)
    guard let map = document["weight_map"]?.objectValue else {
      throw FileError(path: path, field: "weight_map", reason: "missing, or no object")
    }
    for (name, value) in map {
      guard let shard = value.stringValue, !shard.contains("/") else {
        throw FileError(
          path: path, field: name, reason: "the name of a file of this folder expected, got \(value.text())")
      }
      if files[shard] == nil { files[shard] = try SafeTensorsFile(path: FileSystem.join(folder, shard)) }
      guard files[shard]?[name] != nil else {
        throw FileError(path: path, field: name, reason: "stated to be in \(shard), where it is not")
      }
      places[name] = shard
    }
  }

  /// All names, in the order of the file or index.
  public var names: [String] { Array(places.keys) }

  public func entry(_ name: String) -> SafeTensorsEntry? {
    places[name].flatMap { files[$0]?[name] }
  }

  /// The tensor as f32, after its shape was compared with the one expected; as bf16 where the file has it so and
  /// `keepsBFloat16`.
  public func tensor(_ name: String, shape: [Int], keepsBFloat16: Bool = false) throws -> Tensor {
    guard let place = places[name], let file = files[place], let entry = file[name] else {
      throw FileError(path: folder, field: name, reason: "missing")
    }
    guard entry.shape == shape else {
      throw FileError(
        path: file.path, field: name, reason: "shape \(shape) expected by config.json, got \(entry.shape)")
    }
    return try file.tensor(entry, keepsBFloat16: keepsBFloat16)
  }

  /// Writes tensors as `model.safetensors`, or as shards with an index when they take more than `shardBytes`.
  static func write(
    _ tensors: [WritableTensor], to folder: String, as type: ElementType, shardBytes: Int = 5_000_000_000
  ) throws {
    var shards: [[WritableTensor]] = [[]]
    var filled = 0
    for tensor in tensors {
      let bytes = tensor.byteCount(as: type)
      if filled > 0, filled + bytes > shardBytes {
        shards.append([])
        filled = 0
      }
      shards[shards.count - 1].append(tensor)
      filled += bytes
    }
    guard shards.count > 1 else {
      return try SafeTensorsWriter.write(tensors, to: FileSystem.join(folder, singleName), as: type)
    }
    var map: [String: String] = [:]
    for (index, shard) in shards.enumerated() {
      let name = "model-\(padded(index + 1))-of-\(padded(shards.count)).safetensors"
      try SafeTensorsWriter.write(shard, to: FileSystem.join(folder, name), as: type)
      for tensor in shard { map[tensor.name] = name }
    }
    var sorted: OrderedDictionary<String, JSON> = [:]
    for (name, file) in map.sorted(by: { $0.key < $1.key }) { sorted[name] = .string(file) }
    let total = tensors.reduce(0) { $0 + $1.byteCount(as: type) }
    let index = JSON.object([
      "metadata": .object(["total_size": .integer(Int64(total))]), "weight_map": .object(sorted),
    ])
    try AtomicFile.write(index.text(indent: 2) + "\n", to: FileSystem.join(folder, indexName))
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
