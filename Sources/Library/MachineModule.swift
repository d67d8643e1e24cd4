import Files
import Glibc
import OrderedCollections
import Scripting
import Tensors

let machineModule = LuaModule(
  "yuyan.machine", "This machine: what it is, and what it can reach at most.",
  [
    LuaFunction(
      "facts", "Tells of the processor, the memory, the program and its libraries.",
      returns: Returns<JSON>("facts", "system, processor, cores, threads, features, matrices and so on"),
      example: "yy.machine.facts().threads"
    ) { machineFacts() },
    LuaFunction(
      "matrix_product", "Measures the matrix product of a linear on all threads: the limit of training.",
      Param<MatrixProductChoices>("options", "shape, element type and time"),
      returns: Returns<Double?>(
        "gflops", "10^9 operations a second (median); nil where this machine has no product of that type"),
      example: "yy.machine.matrix_product({ m = 512, n = 2048, k = 2048, dtype = 'f32' })"
    ) { options in try options.measure() },
    LuaFunction(
      "read_bandwidth", "Measures how fast all threads together read memory: the limit of decoding.",
      Param<ReadBandwidthChoices>("options", "size and time"),
      returns: Returns<Double>("gigabytes", "10^9 bytes a second (median)"),
      example: "yy.machine.read_bandwidth({ bytes = 2 ^ 30 })"
    ) { options in try options.measure() },
    LuaFunction(
      "seconds", "Reads a clock that never goes back: the difference of two readings is a duration.",
      returns: Returns<Double>("seconds", "since some moment before the program's start"),
      example: "yy.machine.seconds()"
    ) { steadySeconds() },
  ])

/// The element types of a measured product.
enum ProductType: String, LuaChoice { case f32, bf16 }

struct MatrixProductChoices: LuaOptions {
  var m = 512
  var n = 2048
  var k = 2048
  var dtype = ProductType.f32
  var seconds = 1.0
  static let luaName = "MatrixProductOptions"
  static let fields = [
    Field("m", "rows of the input: tokens", \Self.m),
    Field("n", "rows of the weight: the width of the result", \Self.n),
    Field("k", "columns of both: the width of the input", \Self.k),
    Field("dtype", "the type of both factors; sums are f32", \Self.dtype),
    Field("seconds", "how long to repeat it", \Self.seconds),
  ]

  func validate() throws { try checkSeconds(seconds) }

  func measure() throws -> Double? {
    try MachineLimits.matrixProduct(m: m, n: n, k: k, type: dtype == .f32 ? .f32 : .bf16, seconds: seconds)
  }
}

struct ReadBandwidthChoices: LuaOptions {
  var bytes = 1 << 30
  var seconds = 1.0
  static let luaName = "ReadBandwidthOptions"
  static let fields = [
    Field("bytes", "the size of what is read: several times the caches", \Self.bytes),
    Field("seconds", "how long to repeat it", \Self.seconds),
  ]

  func validate() throws { try checkSeconds(seconds) }
  func measure() throws -> Double { try MachineLimits.readBandwidth(bytes: bytes, seconds: seconds) }
}

private func checkSeconds(_ seconds: Double) throws {
  guard (0...3600).contains(seconds) else {
    throw BadArgument("seconds", "0 to 3600 expected, got \(seconds)")
  }
}

private func steadySeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func machineFacts() -> JSON {
  .object([
    "program": .string(MachineFacts.program), "version": .string(Library.version),
    "system": .string(MachineFacts.system), "processor": .string(MachineFacts.processor),
    "cores": .integer(Int64(MachineFacts.cores)), "threads": .integer(Int64(MachineFacts.threads)),
    "features": .array(MachineFacts.features.map { .string($0) }),
    "avx512": .bool(MachineFacts.hasAVX512), "bf16": .bool(MachineFacts.hasBFloat16),
    "kernels": .string(MachineFacts.kernels), "matrices": .string(MachineFacts.matrices),
    "memory_bytes": .integer(Int64(MachineFacts.memoryBytes)),
    "available_bytes": .integer(Int64(MachineFacts.availableBytes)),
  ])
}
