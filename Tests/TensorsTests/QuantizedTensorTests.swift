import TestSupport
import Testing

@testable import Tensors

/// Quantised tensors: conversions, and linears whose weight is one.
@Suite struct QuantizedTensorTests {
  private static let quantized: [DataType] = [.int8, .nf4]

  private func bytes(_ tensor: Tensor) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: tensor.raw, count: tensor.byteCount))
  }

  @Test(arguments: quantized, [[48, 64], [5, 7], [3, 130], [0, 4]])
  func conversionsAgree(_ type: DataType, _ shape: [Int]) {
    let x = Tensor.sample(shape, seed: 3)
    let codes = x.converted(to: type, purpose: .weights)
    #expect(codes.dataType == type && codes.shape == shape && codes.purpose == .weights)
    #expect(codes.byteCount == type.byteCount(shape))
    // Through any type the same numbers, rounded where the type rounds.
    let floats = codes.converted(to: .f32)
    #expect(floats.values == codes.values && bytes(codes.copy()) == bytes(codes))
    #expect(bytes(codes.converted(to: .bf16)) == bytes(floats.converted(to: .bf16)))
    // bf16 weights are quantised as the f32 numbers they are.
    let halves = x.converted(to: .bf16)
    #expect(bytes(halves.converted(to: type)) == bytes(halves.converted(to: .f32).converted(to: type)))
    #expect(codes.description.contains(") \(type.rawValue)"))
  }

  @Test func bytesAWeight() {
    #expect(DataType.nf4.byteCount([4096, 11008]) < 4096 * 11008 * 516 / 1000)
    #expect(DataType.int8.byteCount([4096, 11008]) == 4096 * 11008 * 17 / 16)
    // Rows that fill no block: still under what the format promises.
    #expect(DataType.nf4.byteCount([768, 300]) < 768 * 300 * 6 / 10)
    for type in DataType.allCases { #expect(type.byteCount([1 << 40, 1 << 40]) == .max) }
    #expect(DataType.nf4.byteCount([1 << 31, 1 << 31]) == .max)
  }

  @Test func hugeQuantisedTensorsAreRefused() {
    #expect(throws: TensorError.self) {
      try Tensor.allocate([1 << 31, 1 << 31], type: .nf4, op: "load", argument: "w")
    }
  }

  /// The loss and the gradients of a LoRA linear on this weight.
  private func lora(_ weight: Tensor, _ type: DataType, dropout: Bool) throws -> [[Float]] {
    let (rows, inputs, outputs) = (37, weight.shape[1], weight.shape[0])
    let x = Tensor.sample([rows, inputs], seed: 5)
    let (a, b) = (Tensor.sample([4, inputs], seed: 6), Tensor.sample([outputs, 4], seed: 7))
    for tensor in [x, a, b] { tensor.requiresGrad = true }
    let key = RandomKey(seed: 1, "dropout")
    let norm = try x.rmsNorm(weight: .ones([inputs]), result: type)
    let y = try norm.loraLinear(
      weight: weight, a: a, b: b, scale: 2, dropout: dropout ? Dropout(probability: 0.3, key: key) : nil)
    try y.backward(gradient: Tensor.sample([rows, outputs], seed: 8))
    return [y.values] + [x, a, b].map { $0.grad?.values ?? [] }
  }

  /// QLoRA's gradients are LoRA's on the dequantised weights, to the bit.
  @Test(arguments: quantized, [DataType.f32, .bf16])
  func gradientsAreThoseOnTheDequantisedWeight(_ type: DataType, _ compute: DataType) throws {
    let weight = Tensor.sample([60, 100], seed: 9)
    let codes = weight.converted(to: type), before = bytes(codes)
    for dropout in [false, true] {
      let ours = try lora(codes, compute, dropout: dropout)
      #expect(try ours == lora(codes.converted(to: compute), compute, dropout: dropout))
      #expect(ours.allSatisfy { !$0.isEmpty && $0.contains { $0 != 0 } })
      // The test can see the difference: on the weights before quantising it is another result.
      #expect(try ours[0] != lora(weight.converted(to: compute), compute, dropout: dropout)[0])
    }
    #expect(bytes(codes) == before && codes.grad == nil)
  }

  @Test(arguments: quantized)
  func gradientsAgreeWithFiniteDifferences(_ type: DataType) throws {
    let codes = Tensor.sample([6, 70], seed: 2).converted(to: type)
    try checkGradient(shapes: [[5, 70], [6]]) { try $0[0].linear(weight: codes, bias: $0[1]) }
    try checkGradient(shapes: [[5, 70], [3, 70], [6, 3]]) {
      try $0[0].loraLinear(weight: codes, a: $0[1], b: $0[2], scale: 0.5)
    }
  }

  @Test func pagesOfBorrowedMemoryKeepTheirNumbers() {
    let owner = Tensor.sample([64, 512], seed: 1)
    let tensor = Tensor(borrowing: owner.raw, shape: owner.shape, owner: owner)
    tensor.forgetPages()
    #expect(tensor.values == owner.values)
  }
}
