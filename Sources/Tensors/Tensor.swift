import Glibc

/// A row-major, contiguous array of numbers that can record how it was computed.
///
/// The numbers are 32-bit floats unless `dataType` says otherwise. Reshapes and slices of leading rows share storage; nothing else does. Tensors belong to one thread: the
/// loops inside operations are spread over the cores by `Parallel`.
public final class Tensor {
  /// The length of each axis; empty for a single number.
  public let shape: [Int]
  /// The number of elements.
  public let count: Int
  public let dataType: DataType
  /// The first byte.
  ///
  /// The memory lives as long as the tensor: `withExtendedLifetime` where that is not obvious.
  public let raw: UnsafeMutableRawPointer

  /// The gradient of the last `backward()` calls, summed; only ever set on leaves that require one.
  public internal(set) var grad: Tensor?

  var storage: Storage
  var record: GradientRecord?
  private var wantsGradient = false

  /// - Parameter offset: in bytes.
  init(shape: [Int], storage: Storage, type: DataType = .f32, offset: Int = 0) {
    self.shape = shape
    count = shape.reduce(1, *)
    dataType = type
    let end = offset + type.byteCount(shape)
    precondition(offset >= 0 && end <= storage.byteCount, "a view must stay inside its storage")
    self.storage = storage
    raw = storage.pointer + offset
  }

  /// The first of the 32-bit floats.
  public var pointer: UnsafeMutablePointer<Float> {
    precondition(dataType == .f32, "a tensor of f32 is expected here")
    return raw.assumingMemoryBound(to: Float.self)
  }

  /// The bits of the first bf16 number.
  public var bfloat16: UnsafeMutablePointer<UInt16> {
    precondition(dataType == .bf16, "a tensor of bf16 is expected here")
    return raw.assumingMemoryBound(to: UInt16.self)
  }

  /// The bytes that the elements take.
  public var byteCount: Int { dataType.byteCount(shape) }

  /// Whether `backward()` computes a gradient for this tensor; results of operations on such tensors do too.
  ///
  /// Setting it to false on a result cuts the result off from what it was computed from.
  public var requiresGrad: Bool {
    get { wantsGradient || record != nil }
    set {
      wantsGradient = newValue
      if !newValue, let record {
        self.record = nil
        record.cut(from: self)
      }
    }
  }

  /// Whether this is a value of its own, not the recorded result of an operation.
  public var isLeaf: Bool { record == nil }

  /// What the memory is counted under.
  public var purpose: Purpose { storage.purpose }

  /// A copy of the elements as 32-bit floats, row-major.
  public var values: [Float] {
    let floats = converted(to: .f32)
    return withExtendedLifetime(floats) { Array(UnsafeBufferPointer(start: floats.pointer, count: count)) }
  }
}

// MARK: - Making tensors

extension Tensor {
  /// A tensor whose elements are whatever the memory held; its caller must know that the memory suffices.
  public static func uninitialized(
    _ shape: [Int], type: DataType = .f32, purpose: Purpose = .activations
  ) -> Tensor {
    precondition(elementCount(shape) != nil, "shape \(shape) has no element count")
    let storage = Storage(byteCount: type.byteCount(shape), purpose: purpose)
    guard let storage else {
      preconditionFailure("memory for shape \(shape) was not asked for with `allocate`")
    }
    return Tensor(shape: shape, storage: storage, type: type)
  }

  /// A tensor for the result of `op`: the shape is checked, and that the machine's memory suffices.
  public static func allocate(
    _ shape: [Int], type: DataType = .f32, purpose: Purpose = .activations, op: String,
    argument: String = "shape"
  ) throws -> Tensor {
    guard elementCount(shape) != nil else {
      let reason = "lengths of at least 0 with a countable product expected, got \(shape)"
      throw TensorError(op: op, argument: argument, reason: reason)
    }
    let bytes = type.byteCount(shape)
    guard let storage = Storage(byteCount: bytes, purpose: purpose) else {
      let needed = (Double(bytes) / 1e8).rounded() / 10
      let available = (Double(StoragePool.availableBytes() ?? 0) / 1e8).rounded() / 10
      let reason = "shape \(shape) takes \(needed) GB of memory, \(available) GB are available"
      throw TensorError(op: op, argument: argument, reason: reason)
    }
    return Tensor(shape: shape, storage: storage, type: type)
  }

  public static func zeros(_ shape: [Int], purpose: Purpose = .activations) -> Tensor {
    let tensor = uninitialized(shape, purpose: purpose)
    memset(tensor.raw, 0, tensor.byteCount)
    return tensor
  }

  public static func ones(_ shape: [Int], purpose: Purpose = .activations) -> Tensor {
    full(1, shape: shape, purpose: purpose)
  }

  public static func full(_ value: Float, shape: [Int], purpose: Purpose = .activations) -> Tensor {
    let tensor = uninitialized(shape, purpose: purpose)
    tensor.fill(value)
    return tensor
  }

  /// A single number, shape `[]`.
  public static func scalar(_ value: Float) -> Tensor { full(value, shape: []) }

  /// Copies `values`, which must be as many as the shape has elements.
  public convenience init(_ values: [Float], shape: [Int], purpose: Purpose = .activations) throws {
    guard let count = Tensor.elementCount(shape), count == values.count else {
      let reason = "as many elements as the \(values.count) values expected, got shape \(shape)"
      throw TensorError(op: "tensor", argument: "shape", reason: reason)
    }
    guard let storage = Storage(byteCount: DataType.f32.byteCount(shape), purpose: purpose) else {
      throw TensorError(op: "tensor", argument: "values", reason: "not enough memory for \(count) elements")
    }
    values.withUnsafeBytes { source in
      if let base = source.baseAddress { storage.pointer.copyMemory(from: base, byteCount: source.count) }
    }
    self.init(shape: shape, storage: storage)
  }

  /// Uses memory that `owner` keeps alive, such as a mapped file's; nothing is copied.
  ///
  /// Such a tensor may be read-only: whoever writes to weights makes a `copy` first.
  public convenience init(
    borrowing pointer: UnsafeMutableRawPointer, shape: [Int], type: DataType = .f32, owner: AnyObject
  ) {
    precondition(Tensor.elementCount(shape) != nil, "shape \(shape) has no element count")
    let storage = Storage(borrowing: pointer, byteCount: type.byteCount(shape), owner: owner)
    self.init(shape: shape, storage: storage, type: type)
  }

  /// Whether the memory is another object's, and so perhaps read-only.
  public var isBorrowed: Bool { storage.isBorrowed }

  /// Lets the system take back the memory behind borrowed elements that will hardly be read again; a mapped file's are
  /// read anew if they are.
  public func forgetPages() {
    guard isBorrowed else { return }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let start = (UInt(bitPattern: raw) + page - 1) / page * page
    let end = UInt(bitPattern: raw + byteCount) / page * page
    guard start < end else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), Self.pageOut)
  }

  private static let pageOut: Int32 = 21  // MADV_PAGEOUT, of Linux 5.4

  /// The product of the axes, or nil when one is negative or the product does not fit.
  static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for length in shape {
      guard length >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}

// MARK: - Reading, writing, copying

extension Tensor {
  /// The only element; throws when there are none or several.
  public func item() throws -> Float {
    guard count == 1 else {
      throw TensorError(op: "item", argument: "self", reason: "a single number expected, got shape \(shape)")
    }
    return pointer[0]
  }

  /// Sets every element in place; not recorded.
  public func fill(_ value: Float) { pointer.update(repeating: value, count: count) }

  /// Overwrites the elements in place with those of a tensor of the same shape; not recorded.
  public func assign(_ other: Tensor) throws {
    try other.require(shape: shape, as: "other", of: "assign")
    precondition(other.dataType == dataType, "elements are assigned from the same type")
    memmove(raw, other.raw, byteCount)
  }

  /// The same memory without a record of how it was computed.
  public func detached() -> Tensor {
    Tensor(shape: shape, storage: storage, type: dataType, offset: raw - storage.pointer)
  }

  /// The same elements in memory of their own, without a record; `purpose` is kept unless given.
  public func copy(purpose: Purpose? = nil) -> Tensor {
    let tensor = Tensor.uninitialized(shape, type: dataType, purpose: purpose ?? self.purpose)
    memcpy(tensor.raw, raw, byteCount)
    return tensor
  }

  /// Another shape over the same memory, without a record.
  ///
  /// - Parameter offset: in elements.
  func view(_ shape: [Int], offset: Int = 0) -> Tensor {
    let bytes = raw - storage.pointer + (offset == 0 ? 0 : offset * dataType.stride)
    return Tensor(shape: shape, storage: storage, type: dataType, offset: bytes)
  }
}
